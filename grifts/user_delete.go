package grifts

import (
	"context"

	"corral/internal/task"
	"corral/models"
)

func init() {
	task.Add("user:delete", "EMAIL", "Deletes an account and all of its data, for good", deleteUser)
}

func deleteUser(args []string) error {
	return withUser(args[0], func(ctx context.Context, user *models.User) error {
		if err := user.Delete(ctx, models.Client{}); err != nil {
			return err
		}
		say("The account of %s and all of its data were deleted. A mail tells its owner.", user.Email)
		return nil
	})
}
