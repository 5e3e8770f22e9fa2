package models

import (
	"context"
	"errors"

	"github.com/gobuffalo/pop/v6"

	"corral/internal/oidc"
	"corral/internal/oidc/identities"
)

// AttemptWithProvider runs try, which redeems an answer of a provider. Failures count for
// the client, like those of a login, unless the user cancelled or a server was down. It
// returns *RateLimited.
func AttemptWithProvider(ctx context.Context, client Client, try func(tx *pop.Connection) error) error {
	buckets, err := client.answerBuckets(ctx)
	if err != nil {
		return err
	}
	return waiting.Attempt(ctx, DB, buckets, Clock.Now, func() error { return try(DB.WithContext(ctx)) }, func(err error) bool {
		return !errors.Is(err, oidc.ErrUnavailable) && !errors.Is(err, oidc.ErrCancelled) && !Unavailable(err)
	})
}

// LogInWithIdentity starts a session, which is not confirmed, or returns the second
// step if the account's is on and the client does not skip it. It returns ErrNotFound
// for an identity that is not in use, or of a deleted account.
func LogInWithIdentity(ctx context.Context, claimed oidc.Identity, client Client) (s *LoggedIn, due *SecondStep, err error) {
	err = announcing(ctx, func(tx *pop.Connection) error {
		user, err := lockUser(tx, toLogIn, "deleted_at IS NULL AND id = (SELECT user_id FROM identities WHERE issuer = ? AND subject = ?)", claimed.Issuer, claimed.Subject)
		if err == nil {
			err = user.useIdentity(tx, claimed)
		}
		if err != nil {
			return err
		}
		if user.SecondStep {
			if due, err = user.askSecondStep(tx, client, false); due != nil || err != nil {
				return errors.Join(err, user.record(tx, ActivitySecondStepAsked, client))
			}
		}
		if s, err = startSession(tx, user, client, Session{}); err != nil {
			return err
		}
		return user.record(tx, s.activity(), client)
	})
	return s, due, err
}

// useIdentity notes that the locked account used the identity, or returns ErrNotFound.
func (u *User) useIdentity(tx *pop.Connection, claimed oidc.Identity) error {
	return atLeastOne(identities.Use(tx, u.ID, claimed, Clock.Now()))
}

// ConfirmWithIdentity is Confirm by a fresh login of the user with a provider. It
// returns ErrNotFound if the identity is not the account's, and ErrRefused if the
// second step is on.
func (s *Session) ConfirmWithIdentity(ctx context.Context, claimed oidc.Identity) (rawToken string, err error) {
	err = inTransaction(ctx, func(tx *pop.Connection) error {
		user, err := lockUser(tx, toLogIn, "id = ? AND deleted_at IS NULL", s.UserID)
		if err == nil && user.SecondStep {
			err = ErrRefused
		}
		if err == nil {
			err = user.useIdentity(tx, claimed)
		}
		if err == nil {
			rawToken, err = s.confirm(tx, user)
		}
		return err
	})
	return rawToken, err
}
