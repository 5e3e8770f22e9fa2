package models

import (
	"context"
	"errors"

	"github.com/gobuffalo/pop/v6"

	"corral/internal/oidc"
	"corral/internal/oidc/identities"
)

// AttemptWithProvider runs redeem, which redeems a provider's answer. A failure counts
// against the rate limit of the client, as a failed login does, unless the provider was down
// while the client waited. An error as the answer, such as a cancelled login, has a limit of its
// own: it also writes rows. AttemptWithProvider returns *RateLimited.
func AttemptWithProvider(ctx context.Context, client Client, answer oidc.Answer, redeem func(tx *pop.Connection) error) error {
	buckets, err := client.answerBuckets(DB.WithContext(ctx))
	if err != nil {
		return err
	}
	if answer.Error != "" {
		buckets = errorsPerClient.OfClient(limitDigest, client.IP)
	}
	return loginLine.Attempt(ctx, DB, buckets, Clock.Now, func() error { return redeem(DB.WithContext(ctx)) }, func(err error) bool {
		return (answer.Error != "" || !errors.Is(err, oidc.ErrUnavailable)) && !Unavailable(err)
	})
}

// LogInWithIdentity starts a session, which is not confirmed. If the account has a second
// step that the client does not skip, it returns this step instead. It returns ErrNotFound
// for an identity that is not in use, or of a deleted account.
func LogInWithIdentity(ctx context.Context, claimed oidc.Identity, client Client) (s *LoggedIn, step *SecondStep, err error) {
	err = inTransactionWithMail(ctx, func(tx *pop.Connection) error {
		user, err := lockUser(tx, loginLock, "deleted_at IS NULL AND id = (SELECT user_id FROM identities WHERE issuer = ? AND subject = ?)", claimed.Issuer, claimed.Subject)
		if err == nil {
			err = user.useIdentity(tx, claimed)
		}
		if err != nil {
			return err
		}
		if user.SecondStep {
			const remember = false
			if step, err = user.askSecondStep(tx, client, remember); step != nil || err != nil {
				return errors.Join(err, user.record(tx, ActivitySecondStepAsked, client))
			}
		}
		if s, err = startSession(tx, user, client, Session{}); err != nil {
			return err
		}
		return user.record(tx, s.activity, client)
	})
	return s, step, err
}

// useIdentity records a use of the identity, or returns ErrNotFound. The row must be locked.
func (u *User) useIdentity(tx *pop.Connection, claimed oidc.Identity) error {
	return atLeastOne(identities.Use(tx, u.ID, claimed, Clock.Now()))
}

// ConfirmWithIdentity confirms the session by an identity that the user logged in with just
// now. It returns the errors of Confirm, ErrNotFound if the identity is not the account's,
// and ErrRefused if the second step is on.
func (s *Session) ConfirmWithIdentity(ctx context.Context, claimed oidc.Identity) (rawToken string, err error) {
	err = inTransaction(ctx, func(tx *pop.Connection) error {
		user, err := lockUser(tx, loginLock, "id = ? AND deleted_at IS NULL", s.UserID)
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
