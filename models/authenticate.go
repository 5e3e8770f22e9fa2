package models

import (
	"context"
	"errors"

	"github.com/gobuffalo/pop/v6"
)

// Credentials are what somebody shows to be let in, and where from.
type Credentials struct {
	Email    string // as typed
	Password string // as typed
	From     Origin
}

// ErrBadCredentials says that the address or the password is wrong, never which.
var ErrBadCredentials = errors.New("bad credentials")

// LogIn starts a session with what the credentials open, or returns
// ErrBadCredentials, *Throttled or ErrBusy. Every call that is not throttled
// costs one hash, whether there is an account or not.
func LogIn(ctx context.Context, with Credentials, remember bool) (*SignedIn, error) {
	try, err := with.begin(ctx, ActivityLoginFailed)
	if err != nil {
		return nil, err
	}
	user, err := with.verify(ctx)
	if err != nil {
		return nil, err
	}
	var s *SignedIn
	err = announcing(ctx, func(tx *pop.Connection) error {
		if s, err = startSession(tx, user, with.From, remember); err != nil {
			return err
		}
		kind := ActivityLogin
		if s.NewDevice {
			kind = ActivityLoginNewDevice
		}
		return try.turnedOut(tx, kind)
	})
	return s, err
}

// Authenticate returns the account that the credentials open, as LogIn does,
// but starts no session. It is for somebody who is signed in, and is asked for
// the password once more.
func Authenticate(ctx context.Context, with Credentials) (*User, error) {
	try, err := with.begin(ctx, ActivityPasswordFailed)
	if err != nil {
		return nil, err
	}
	user, err := with.verify(ctx)
	if err != nil {
		return nil, err
	}
	return user, inTransaction(ctx, try.forget)
}

func (with Credentials) verify(ctx context.Context) (*User, error) {
	user, err := findUserByTypedEmail(ctx, with.Email)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	digest := absentDigest
	if user != nil && user.PasswordDigest != "" {
		digest = user.PasswordDigest
	}
	prepared, usable := preparePassword(with.Password)
	// Unknown address, unusable password or neither: one hash is computed all the same.
	match, outdated, err := verifyPassword(ctx, prepared, digest)
	if err != nil {
		return nil, err
	}
	if !match || !usable || user == nil {
		return nil, ErrBadCredentials
	}
	if outdated {
		return user, user.rehash(ctx, prepared)
	}
	return user, nil
}
