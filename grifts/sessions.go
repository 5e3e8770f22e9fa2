package grifts

import (
	"context"

	"corral/config"
	"corral/internal/task"
	"corral/models"
)

func init() {
	task.Add("sessions:end", "EMAIL|all", "Ends the sessions of an account, or of all, as of the next request", endSessions)
}

func endSessions(args []string) error {
	if args[0] == "all" {
		return withDatabase(func(config.Config) error { return tellEnded(models.EndAllSessions(context.Background())) })
	}
	return withUser(args[0], func(ctx context.Context, user *models.User) error { return tellEnded(models.EndSessionsOf(ctx, user)) })
}

func tellEnded(ended int, err error) error {
	if err == nil {
		say("Sessions ended: %d", ended)
	}
	return err
}
