package grifts

import (
	"context"
	"errors"
	"fmt"

	"corral/config"
	"corral/models"
)

func init() {
	add("user:create", "EMAIL", "Makes an account and prints a one-time link to set its password", createUser)
}

func createUser(args []string) error {
	email, ok := models.NormalizeEmail(args[0])
	if !ok {
		return fmt.Errorf("%q is not an email address", args[0])
	}
	return withDatabase(func() error {
		user, err := models.CreateUser(context.Background(), email, "")
		if errors.Is(err, models.ErrEmailTaken) {
			return fmt.Errorf("%s has an account already", email)
		}
		if err != nil {
			return err
		}
		rawToken, err := models.IssueInvite(context.Background(), user.Email)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s has an account. To set its password within 24 hours, once:\n%s/password/reset/%s\n",
			email, config.MustCurrent().Host, rawToken)
		return nil
	})
}
