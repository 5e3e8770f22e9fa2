package grifts

import (
	"context"
	"errors"
	"fmt"

	"corral/config"
	"corral/models"
)

func init() {
	add("db:migrate", "", "Brings the database's schema up to this release", migrate)
	add("db:seed", "", "Development: makes the accounts of Ada, Bob, and Carol who is throttled, and prints their passwords", seed)
}

func migrate([]string) error {
	return withDatabase(func() error {
		fmt.Fprintln(out, "The schema is up to date.")
		return nil
	})
}

// people are who fixtures, tests and development know.
var people = []struct {
	email, password string
	throttled       bool
}{
	{email: "ada@example.com", password: "analytical engine number one"},
	{email: "bob@example.com", password: "a dark horse with no name"},
	{email: "carol@example.com", password: "too many tries on a monday", throttled: true},
}

func seed([]string) error {
	if c, err := config.Current(); err == nil && !c.Development() {
		return errors.New("db:seed is for development: its passwords are known to everybody")
	}
	return withDatabase(func() error {
		for _, p := range people {
			if err := seedUser(p.email, p.password, p.throttled); err != nil {
				return err
			}
			fmt.Fprintf(out, "%-20s %s\n", p.email, p.password)
		}
		fmt.Fprintln(out, "Carol is throttled: `task user:why carol@example.com` says why, and a reset by mail lets her in.")
		return nil
	})
}

func seedUser(email, password string, throttled bool) error {
	ctx := context.Background()
	user, err := models.FindUserByEmail(ctx, email)
	if errors.Is(err, models.ErrNotFound) {
		user, err = models.CreateUser(ctx, email, "")
	}
	if err != nil {
		return err
	}
	prepared, problem := models.CheckPassword(password, email)
	if problem != "" {
		return fmt.Errorf("the password of %s is refused: %s", email, problem)
	}
	if err := user.SetPassword(ctx, prepared); err != nil || !throttled {
		return err
	}
	return user.UseUpTries(ctx)
}
