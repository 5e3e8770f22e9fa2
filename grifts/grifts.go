// Package grifts holds the tasks for operators: `corral task NAME`, or `buffalo
// task NAME`. All but doctor reach models.DB within withDatabase or connected: it is nil before.
package grifts

import (
	"context"
	"errors"
	"fmt"
	"os"

	"corral/config"
	"corral/internal/task"
	"corral/models"
)

func init() {
	task.Add("user:create", "EMAIL", "Creates an account and prints a one-time link to set its password", createUser)
	task.Add("user:why", "EMAIL", "Says why a user cannot log in: account, rate limits, failed attempts, mails, links, sessions", why)
	task.Add("user:reset-factors", "EMAIL [--now]", "Mails the owner, and removes passkeys, TOTP and recovery codes after 24 hours, unless the mail's link or a login stops it; --now removes them at once, if you know the person", resetFactors)
	task.Add("user:delete", "EMAIL", "Deletes an account; its owner can undo that for seven days", deleteUser)
	task.Add("sessions:end", "EMAIL|all", "Ends the sessions and forgets the known browsers of one account, or of all accounts, at once", endSessions)
	task.Add("db:migrate", "", "Migrates the database to the schema of this release", migrate)
	task.Add("db:backup", "FILE", "Writes the SQLite database into a new file, while the app runs", backup)
	task.Add("db:seed", "", "Development: creates accounts for Ada, Bob and Carol, and prints their passwords; Carol's account is locked", seed)
	task.Add("mail:preview", "NAME", "Prints a mail with example data, as text and as HTML: reset, new_browser or another of models/mail.go", previewMail)
	task.Add("doctor", "", "Checks this environment as if for production: pass or fail, with the remedy", doctor)
	task.Add("routes", "", "Prints every route with its guard", routes)
	task.Add("secret", "", "Prints a fresh secret for SESSION_SECRET", printSecret)
	task.Add("rename", "MODULE NAME", "Gives a fresh clone your module path and name, in every file", renameApp)
}

func loadConfig() (config.Config, error) { return config.LoadTask(os.Environ(), ".") }

// withDatabase runs a task on the migrated database. Pass models.ConnectExisting unless the task
// may create the database: in a wrong folder, models.Connect would create an empty one.
func withDatabase(connect, run func(c config.Config) error) error {
	return connected(connect, func(c config.Config) error {
		if err := models.Migrate(); err != nil {
			return err
		}
		return run(c)
	})
}

// connected is withDatabase on the database as it is.
func connected(connect, run func(config.Config) error) error {
	c, err := loadConfig()
	if err != nil {
		return err
	}
	if err := connect(c); err != nil {
		return err
	}
	defer models.DB.Close()
	return run(c)
}

// withUser runs a task on the account of an email.
func withUser(email string, run func(ctx context.Context, user *models.User) error) error {
	return withDatabase(models.ConnectExisting, func(config.Config) error {
		ctx := context.Background()
		user, err := models.FindUserByEmail(ctx, email)
		if errors.Is(err, models.ErrNotFound) {
			return reservedOr(ctx, email, "has no account")
		}
		if err != nil {
			return err
		}
		return run(ctx, user)
	})
}

func say(format string, args ...any) { fmt.Fprintf(task.Out, format+"\n", args...) }
