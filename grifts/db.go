package grifts

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"corral/config"
	"corral/models"
)

func migrate([]string) error {
	return withDatabase(func(config.Config) error {
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
	c, err := config.Load(os.Environ(), ".") // stores a new secret, which the server needs to find Carol's rate limit
	if err != nil {
		return err
	}
	if !c.Development() {
		return errors.New("db:seed is for development: its passwords are public")
	}
	return withDatabase(func(config.Config) error {
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
	normalized, messageKey := models.CheckPassword(password, email)
	if messageKey != "" {
		return fmt.Errorf("the password of %s is refused: %s", email, messageKey)
	}
	if err := user.SetPassword(ctx, normalized); err != nil || !locked {
		return err
	}
	return lock(ctx, email)
}

// lock makes as many failed attempts as lock an email, each from another IP. It first moves
// the clock back, and then forward instead of waiting, so that it ends at the present time.
func lock(ctx context.Context, email string) error {
	const attempts, wait, remember = 100, 15 * time.Minute, false // the longest wait between two attempts
	models.Clock.Move(-attempts * wait)
	for n := range attempts {
		client := models.Client{IP: netip.AddrFrom4([4]byte{192, 0, 2, byte(n)})}
		_, _, err := models.LogIn(ctx, models.Credentials{Email: email, Password: "a wrong one", Client: client}, remember)
		if !errors.Is(err, models.ErrBadCredentials) {
			return fmt.Errorf("locking %s: %w", email, err)
		}
		models.Clock.Move(wait)
	}
	return nil
}
