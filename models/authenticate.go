package models

import (
	"context"
	"errors"

	"github.com/gobuffalo/pop/v6"

	"corral/internal/email"
	"corral/internal/password"
)

// Credentials are an email and a password as typed, and the client that sent them.
type Credentials struct {
	Email    string
	Password string
	Client   Client
}

// ErrBadCredentials means that email or password is wrong, never which.
var ErrBadCredentials = errors.New("bad credentials")

// LogIn starts a session for the account of the credentials, or returns
// ErrBadCredentials, *RateLimited or ErrBusy.
func LogIn(ctx context.Context, with Credentials, remember bool) (*LoggedIn, error) {
	attempt, err := with.begin(ctx, ActivityLoginFailed)
	if err != nil {
		return nil, err
	}
	user, err := with.verify(ctx)
	if err != nil {
		return nil, err
	}
	var s *LoggedIn
	err = announcing(ctx, func(tx *pop.Connection) error {
		if s, err = startSession(tx, user, with.Client, remember); err != nil {
			return err
		}
		kind := ActivityLogin
		if s.NewBrowser {
			kind = ActivityLoginNewBrowser
		}
		return attempt.succeed(tx, kind)
	})
	return s, err
}

// Authenticate is LogIn without a session: a logged-in user confirms the password.
func Authenticate(ctx context.Context, with Credentials) (*User, error) {
	attempt, err := with.begin(ctx, ActivityPasswordFailed)
	if err != nil {
		return nil, err
	}
	user, err := with.verify(ctx)
	if err != nil {
		return nil, err
	}
	return user, inTransaction(ctx, attempt.discard)
}

// verify always computes one hash, also for an unknown email: prevents
// enumeration by timing.
func (with Credentials) verify(ctx context.Context) (*User, error) {
	var user *User
	digest := ""
	if typed, ok := email.Normalize(with.Email); ok {
		found, err := FindUserByEmail(ctx, typed)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
		if found != nil {
			user, digest = found, found.PasswordDigest
		}
	}
	normalized, usable := password.Normalize(with.Password)
	match, outdated, err := hasher.Verify(ctx, normalized, digest)
	if err != nil {
		return nil, err
	}
	if !match || !usable || user == nil {
		return nil, ErrBadCredentials
	}
	if outdated {
		return user, user.rehash(ctx, normalized)
	}
	return user, nil
}
