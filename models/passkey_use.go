package models

import (
	"context"
	"errors"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/passkey"
)

// PassWithPasskey is Pass with a passkey. It returns the errors of LogInWithPasskey in
// place of ErrBadCode.
func (step *SecondStep) PassWithPasskey(ctx context.Context, answer passkey.Answer, skip bool, client Client) (s *LoggedIn, err error) {
	err = usePasskey(ctx, PasskeySecondStep, step.UserID.String(), answer, client, func(tx *pop.Connection, user *User, f *Factor) error {
		if user.CredentialVersion != step.Version {
			return ErrNotFound
		}
		step.User = user
		s, err = step.complete(tx, f, skip, client)
		return err
	})
	return s, err
}

// ConfirmWithPasskey is Confirm with a passkey of the logged-in user. It returns the
// errors of LogInWithPasskey in place of ErrBadCredentials.
func (s *Session) ConfirmWithPasskey(ctx context.Context, answer passkey.Answer, client Client) (rawToken string, err error) {
	return s.confirmBy(ctx, client, passkey.IsProblem, func(passed afterFactor) error {
		return usePasskey(ctx, PasskeySudo, s.UserID.String(), answer, client, passed)
	})
}

// EndLinksByPasskey is endLinks with a passkey. It also returns the errors of
// LogInWithPasskey, and ErrBadCredentials if the session has ended.
func (u *User) EndLinksByPasskey(ctx context.Context, id string, answer passkey.Answer, client Client) error {
	return usePasskey(ctx, PasskeyLinks+id, u.ID.String(), answer, client, func(tx *pop.Connection, user *User, f *Factor) error {
		if err := u.requireSession(tx); err != nil {
			return err
		}
		return errors.Join(user.noteUse(tx, f, client), user.endLinks(tx, id, f, client))
	})
}

// works reports whether f is no passkey, or one for this HOST.
func works(f Factor) bool {
	return f.Kind != FactorPasskey || passkeys.Serves(f.Credential())
}

// RemovePassword removes the password, ends every session, turns the second step on,
// and mails the owner. It returns recovery codes if the second step was off, and
// ErrRefused without a passkey.
func (u *User) RemovePassword(ctx context.Context, client Client) (codes []string, err error) {
	err = u.change(ctx, func(tx *pop.Connection) error {
		list, err := u.factorsWithout(tx, uuid.Nil)
		if err == nil && len(list.OfKind(FactorPasskey)) == 0 {
			err = ErrRefused
		}
		if err != nil || u.PasswordDigest == "" {
			return err
		}
		if err := u.storePassword(tx, ""); err != nil {
			return err
		}
		// Before the second step is turned on: the mail's link undoes that, too.
		err = u.mailChange(tx, ActivityPasswordRemoved, MailPasswordRemoved, u.Email, client)
		if err == nil && !u.SecondStep {
			codes, _, err = u.turnSecondStep(tx, true, client)
		}
		return err
	})
	return codes, err
}
