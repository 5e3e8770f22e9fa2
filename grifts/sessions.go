package grifts

import (
	"context"

	"corral/config"
	"corral/models"
)

func endSessions(args []string) error {
	if args[0] == "all" {
		return withDatabase(models.ConnectExisting, func(config.Config) error { return sayEnded(models.EndAllSessions(context.Background())) })
	}
	return withUser(args[0], func(ctx context.Context, user *models.User) error { return sayEnded(models.EndSessionsOf(ctx, user)) })
}

func sayEnded(ended int, err error) error {
	if err == nil {
		say("Sessions ended: %d", ended)
	}
	return err
}
