package grifts

import (
	"context"
	"errors"
	"fmt"

	"corral/config"
	"corral/internal/email"
	"corral/internal/task"
	"corral/models"
)

func init() {
	task.Add("user:create", "EMAIL", "Creates an account and prints a one-time link to set its password", createUser)
}

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
