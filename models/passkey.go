package models

import (
	"cmp"
	"context"
	"fmt"

	"github.com/gobuffalo/nulls"
	"github.com/gobuffalo/pop/v6"

	"corral/internal/factor"
	"corral/internal/passkey"
)

// Connect sets passkeys.
var passkeys *passkey.RelyingParty

// The purposes of a challenge.
const (
	PasskeyNew        = "new"
	PasskeyLogin      = "login" // with a passkey alone
	PasskeySecondStep = "second step"
	PasskeySudo       = "sudo"
	PasskeyLinks      = "links of " // followed by the ID of a mailed link: to end such links
)

// ErrSecondStepOnly means that an undo removes the passkey soon.
var ErrSecondStepOnly = fmt.Errorf("%w: it serves as a second step only", passkey.ErrRefused)

// ErrDeletedAccount means that the passkey's account was deleted, which a mailed link may undo.
var ErrDeletedAccount = fmt.Errorf("%w: its account was deleted", passkey.ErrUnknown)

// PasskeyLoginOptions returns a challenge that is the same for all clients: prevents
// enumeration.
func PasskeyLoginOptions() (*passkey.Challenge, error) {
	return passkeys.BeginLogin(PasskeyLogin, "", nil, nil)
}

// PasskeyOptions returns a challenge for the account's passkeys or, for PasskeyNew, for a new one.
func (u *User) PasskeyOptions(ctx context.Context, purpose string) (*passkey.Challenge, error) {
	tx := DB.WithContext(ctx)
	list, err := factor.Of(tx, u.ID)
	if err != nil {
		return nil, err
	}
	if purpose == PasskeyNew {
		// Excludes removed passkeys, too: the authenticator would replace them for good. Does
		// not exclude passkeys whose addition was undone: no link restores them.
		undone, err := u.journal(tx).Undone(list.Removed().IDs())
		if err != nil {
			return nil, err
		}
		user := passkey.User{Handle: u.ID.Bytes(), Name: u.Email, DisplayName: u.Email}
		return passkeys.BeginRegistration(purpose, u.ID.String(), user, list.Without(undone...).Credentials())
	}
	return passkeys.BeginLogin(purpose, u.ID.String(), u.ID.Bytes(), list.InUse().Credentials())
}

// LogInWithPasskey starts a session that passed both steps. It returns passkey.ErrRefused,
// passkey.ErrUnknown, passkey.ErrExpired or *RateLimited.
func LogInWithPasskey(ctx context.Context, answer passkey.Answer, client Client, remember bool) (s *LoggedIn, err error) {
	err = usePasskey(ctx, PasskeyLogin, "", answer, client, func(tx *pop.Connection, user *User, f *Factor) error {
		if err := user.useFactor(tx, f, client); err != nil {
			return err
		}
		if s, err = startSession(tx, user, client, Session{Remembered: remember, FactorID: f.NullID(), ConfirmedAt: nulls.NewTime(Clock.Now())}); err != nil {
			return err
		}
		return user.record(tx, s.activity, client)
	})
	return s, err
}

// usePasskey verifies an authenticator's answer, and runs serve in the transaction that uses
// the challenge up and locks the user's row.
func usePasskey(ctx context.Context, purpose, subject string, answer passkey.Answer, client Client, serve func(tx *pop.Connection, user *User, f *Factor) error) error {
	return attemptWithPasskey(ctx, client, func() error {
		f, verified, err := factor.VerifyPasskey(DB.WithContext(ctx), passkeys, purpose, subject, answer)
		if err != nil {
			return err
		}
		return inTransactionWithMail(ctx, func(tx *pop.Connection) error {
			user, err := lockUser(tx, changeLock, "id = ? AND deleted_at IS NULL", f.UserID)
			if err != nil {
				return replace(err, ErrNotFound, ErrDeletedAccount)
			}
			if err := f.RedeemPasskey(tx, verified, Clock.Now()); err != nil {
				return err
			}
			if removes, err := user.journal(tx).UndoRemoves(f.ID); err != nil || removes && purpose != PasskeySecondStep {
				return cmp.Or(err, ErrSecondStepOnly)
			}
			return serve(tx, user, f)
		})
	})
}

// attemptWithPasskey runs use. Its failures count against the client's rate limit.
func attemptWithPasskey(ctx context.Context, client Client, use func() error) error {
	buckets, err := client.answerBuckets(DB.WithContext(ctx))
	if err != nil {
		return err
	}
	return loginLine.Attempt(ctx, DB, buckets, Clock.Now, use, passkey.IsProblem)
}
