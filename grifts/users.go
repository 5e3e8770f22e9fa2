package grifts

import (
	"context"
	"errors"
	"fmt"

	"corral/config"
	"corral/models"
)

func createUser(args []string) error {
	return withDatabase(models.Connect, func(c config.Config) error {
		user, err := models.CreateUser(context.Background(), args[0], "")
		if errors.Is(err, models.ErrEmailTaken) {
			return reservedOr(context.Background(), args[0], "has an account already: its owner gets a new link at /password/forgot")
		}
		if err != nil {
			return err
		}
		rawToken, err := models.IssueInvite(context.Background(), user.Email)
		if err != nil {
			return err
		}
		say("%s has an account. To set its password within 24 hours, once:\n%s/password/reset/%s",
			user.Email, c.Host, rawToken)
		return nil
	})
}

func resetFactors(args []string) error {
	if len(args) > 1 && args[1] != "--now" {
		return fmt.Errorf("%q is not --now", args[1])
	}
	return withUser(args[0], func(ctx context.Context, user *models.User) error {
		due, err := user.ResetFactors(ctx, len(args) > 1)
		if errors.Is(err, models.ErrNotFound) {
			return fmt.Errorf("%s has no factors to remove, and its second step is off", user.Email)
		}
		if err != nil {
			return err
		}
		if len(args) > 1 {
			say("The factors of %s were removed, and its second step is off. A mail tells its owner.", user.Email)
		} else {
			say("The factors of %s will be removed at %s. The link in a mail to its owner stops that, and so does a login by a factor.", user.Email, moment(due))
		}
		return nil
	})
}

func deleteUser(args []string) error {
	return withUser(args[0], func(ctx context.Context, user *models.User) error {
		if err := user.Delete(ctx, models.Client{}); err != nil {
			return err
		}
		say("The account of %s is deleted: nobody can log in to it. It and all of its data are removed after eight days; a mail tells its owner how to undo that.", user.Email)
		return nil
	})
}
