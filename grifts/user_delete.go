package grifts

import (
	"context"

	"corral/internal/task"
	"corral/models"
)

func init() {
	task.Add("user:delete", "EMAIL", "Removes an account and all that is known of the person, for good", deleteUser)
}

func deleteUser(args []string) error {
	return withUser(args[0], func(ctx context.Context, user *models.User) error {
		if err := user.Delete(ctx, models.Client{}); err != nil {
			return err
		}
		say("The account of %s and everything about it was removed. The app says goodbye by mail.", user.Email)
		return nil
	})
}
