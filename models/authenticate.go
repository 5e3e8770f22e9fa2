package models

import (
	"context"
	"errors"

	"github.com/gobuffalo/nulls"
	"github.com/gobuffalo/pop/v6"

	"corral/internal/email"
	"corral/internal/password"
)

// Credentials are an email and a password as typed, and the client that sent them.
type Credentials struct {
	Email    string
	Password string
	Client   Client

	Code string // confirms in place of the password if the second step is on
}

// ErrBadCredentials means that email or password is wrong, never which; or that the account
// changed, or the session ended, since it was read.
var ErrBadCredentials = errors.New("bad credentials")

// LogIn starts a session. If the account has a second step that the client may not skip, it
// returns that step instead. It may return ErrBadCredentials, *RateLimited or password.ErrBusy.
func LogIn(ctx context.Context, with Credentials, remember bool) (s *LoggedIn, step *SecondStep, err error) {
	_, err = with.use(ctx, ActivityLoginFailed, func(tx *pop.Connection, user *User) (kind string, err error) {
		like := Session{Remembered: remember, ConfirmedAt: nulls.NewTime(Clock.Now())}
		if user.SecondStep {
			if err := user.lock(tx, loginLock); err != nil { // an undo meanwhile may have given the account another email
				return "", err
			}
			if step, err = user.askSecondStep(tx, with.Client, remember); step != nil || err != nil {
				return ActivitySecondStepAsked, err
			}
			like.ConfirmedAt = nulls.Time{} // the password alone does not confirm
		}
		if s, err = startSession(tx, user, with.Client, like); err != nil {
			return "", err
		}
		return s.activity, nil
	})
	return s, step, err
}

// verify returns the user of the credentials, or ErrBadCredentials. It hashes the password for an
// unknown email, too: prevents enumeration by timing.
func (c Credentials) verify(ctx context.Context, place password.Place) (*User, error) {
	normalizedEmail, _ := email.Normalize(c.Email) // "" if invalid: no account has this email
	user, err := FindUserByEmail(ctx, normalizedEmail)
	if errors.Is(err, ErrNotFound) {
		user, err = &User{}, nil // has no password
	}
	if err != nil {
		return nil, err
	}
	normalized, usable := password.Normalize(c.Password)
	match, outdated, err := hasher.Verify(ctx, place, normalized, user.PasswordDigest)
	if err != nil {
		return nil, err
	}
	if !match || !usable || !user.HasPassword() {
		return nil, ErrBadCredentials
	}
	if outdated {
		return user, user.rehash(ctx, place, normalized)
	}
	return user, nil
}
