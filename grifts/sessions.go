package grifts

import (
	"context"
	"fmt"

	"corral/models"
)

func init() {
	add("sessions:end", "EMAIL|all", "Logs a person out everywhere, or everybody, as of the next request", endSessions)
}

func endSessions(args []string) error {
	if args[0] == "all" {
		return withDatabase(func() error {
			ended, err := models.EndAllSessions(context.Background())
			return tellEnded(ended, err)
		})
	}
	return withUser(args[0], func(ctx context.Context, user *models.User) error {
		ended, err := models.EndSessionsOf(ctx, user)
		return tellEnded(ended, err)
	})
}

func tellEnded(ended int, err error) error {
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Sessions ended: %d\n", ended)
	return nil
}
