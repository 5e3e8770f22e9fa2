package grifts

import (
	"context"
	"errors"
	"fmt"
	"os"

	"corral/config"
	"corral/models"
)

func migrate([]string) error {
	return withDatabase(models.Connect, func(config.Config) error {
		say("The schema is up to date.")
		return nil
	})
}

var seeds = []struct {
	email, password string
	locked          bool
}{
	{email: "ada@example.com", password: "analytical engine number one"},
	{email: "bob@example.com", password: "a dark horse with no name"},
	{email: "carol@example.com", password: "too many tries on a monday", locked: true},
}

func seed([]string) error {
	c, err := config.Load(os.Environ(), ".") // stores a missing secret: the server finds Carol's rate limit by it
	if err != nil {
		return err
	}
	if !c.Development() {
		return errors.New("db:seed is for development: its passwords are public")
	}
	return withDatabase(models.Connect, func(config.Config) error {
		for _, s := range seeds {
			if err := seedUser(s.email, s.password, s.locked); err != nil {
				return err
			}
			say("%-20s %s", s.email, s.password)
		}
		say("Carol is locked: `task user:why carol@example.com` says why, and a reset by mail lets her log in.")
		return nil
	})
}

func seedUser(email, password string, locked bool) error {
	ctx := context.Background()
	user, err := models.FindUserByEmail(ctx, email)
	if errors.Is(err, models.ErrNotFound) {
		user, err = models.CreateUser(ctx, email, "")
	}
	if err != nil {
		return err
	}
	normalized, messageKey := models.PasswordPolicy.Check(password, email)
	if messageKey != "" {
		return fmt.Errorf("the password of %s is refused: %s", email, messageKey)
	}
	if err := user.SetPassword(ctx, normalized); err != nil || !locked {
		return err
	}
	return models.Lock(ctx, email)
}
