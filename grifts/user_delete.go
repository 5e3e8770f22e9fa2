package grifts

import (
	"context"
	"errors"
	"fmt"

	"corral/models"
)

func init() {
	add("user:delete", "EMAIL", "Removes an account and all that is known of the person, for good", deleteUser)
}

func deleteUser(args []string) error {
	return withUser(args[0], func(ctx context.Context, user *models.User) error {
		if err := user.Delete(ctx, models.Origin{}); err != nil {
			return err
		}
		fmt.Fprintf(out, "The account of %s and everything about it was removed. The app says goodbye by mail.\n", user.Email)
		return nil
	})
}

// withUser finds the account at an address that an operator typed, and runs the task.
func withUser(typed string, task func(ctx context.Context, user *models.User) error) error {
	email, ok := models.NormalizeEmail(typed)
	if !ok {
		return fmt.Errorf("%q is not an email address", typed)
	}
	return withDatabase(func() error {
		ctx := context.Background()
		user, err := models.FindUserByEmail(ctx, email)
		if errors.Is(err, models.ErrNotFound) {
			return fmt.Errorf("%s has no account", email)
		}
		if err != nil {
			return err
		}
		return task(ctx, user)
	})
}
