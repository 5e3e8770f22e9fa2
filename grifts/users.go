package grifts

import (
	"context"
	"errors"
	"fmt"

	"corral/config"
	"corral/internal/email"
	"corral/models"
)

func createUser(args []string) error {
	normalized, ok := email.Normalize(args[0])
	if !ok {
		return notAnEmail(args[0])
	}
	return withDatabase(func(c config.Config) error {
		user, err := models.CreateUser(context.Background(), normalized, "")
		if errors.Is(err, models.ErrEmailTaken) {
			return fmt.Errorf("%s has an account already", normalized)
		}
		if err != nil {
			return err
		}
		rawToken, err := models.IssueInvite(context.Background(), user.Email)
		if err != nil {
			return err
		}
		say("%s has an account. To set its password within 24 hours, once:\n%s/password/reset/%s",
			normalized, c.Host, rawToken)
		return nil
	})
}

func deleteUser(args []string) error {
	return withUser(args[0], func(ctx context.Context, user *models.User) error {
		if err := user.Delete(ctx, models.Client{}); err != nil {
			return err
		}
		say("The account of %s is locked. It and all of its data are removed after eight days; a mail tells its owner how to undo that.", user.Email)
		return nil
	})
}
