package models

import (
	"context"
	"errors"

	"github.com/gobuffalo/pop/v6"

	"corral/internal/email"
	"corral/internal/password"
)

// Credentials are a typed email and password, and the client that sent them.
type Credentials struct {
	Email    string
	Password string
	Client   Client
}

// ErrBadCredentials means that the email or the password is wrong, never which.
var ErrBadCredentials = errors.New("bad credentials")

// LogIn starts a session for the account that the credentials open, or returns
// ErrBadCredentials, *RateLimited or ErrBusy. Every call that is not rate
// limited costs one hash, whether or not there is an account.
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

// Authenticate returns the account that the credentials open, as LogIn does,
// but starts no session: a logged-in user confirms the password.
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

// verify computes one hash whether the email is unknown, the password unusable,
// or neither: prevents account enumeration by timing.
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
