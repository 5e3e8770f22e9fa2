// Package grifts holds the tasks for operators: `corral task NAME`, or `buffalo
// task NAME`.
package grifts

import (
	"context"
	"errors"
	"fmt"
	"os"

	"corral/config"
	"corral/internal/email"
	"corral/internal/task"
	"corral/models"
)

func loadConfig() (config.Config, error) { return config.LoadTask(os.Environ(), ".") }

// withDatabase runs a task on the migrated database.
func withDatabase(run func(c config.Config) error) error {
	c, err := loadConfig()
	if err != nil {
		return err
	}
	if err := models.Connect(c); err != nil {
		return err
	}
	defer models.DB.Close()
	if err := models.Migrate(); err != nil {
		return err
	}
	return run(c)
}

// withUser runs a task on the account of a typed email.
func withUser(typed string, run func(ctx context.Context, user *models.User) error) error {
	normalized, ok := email.Normalize(typed)
	if !ok {
		return notAnEmail(typed)
	}
	return withDatabase(func(config.Config) error {
		ctx := context.Background()
		user, err := models.FindUserByEmail(ctx, normalized)
		if errors.Is(err, models.ErrNotFound) {
			return fmt.Errorf("%s has no account", normalized)
		}
		if err != nil {
			return err
		}
		return run(ctx, user)
	})
}

func notAnEmail(typed string) error { return fmt.Errorf("%q is not an email address", typed) }

func say(format string, args ...any) { fmt.Fprintf(task.Out, format+"\n", args...) }
