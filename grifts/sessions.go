package grifts

import (
	"context"
	"errors"
	"fmt"

	"corral/models"
)

func init() {
	add("sessions:end", "Logs a person out everywhere, or everybody, as of the next request: sessions:end EMAIL|all", endSessions)
}

func endSessions(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: task sessions:end EMAIL|all")
	}
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
