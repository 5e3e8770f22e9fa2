package models

import (
	"cmp"
	"context"
	"errors"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/factor"
	"corral/internal/undo"
)

// Factor is a passkey, a TOTP key or a set of recovery codes. A removed factor
// is kept, out of use, while a mailed link may restore it.
type Factor = factor.Factor

// ErrBadCode means that a code is wrong, or was used before.
var ErrBadCode = factor.ErrBadCode

// The kinds of factors.
const (
	FactorPasskey = factor.Passkey
	FactorTOTP    = factor.TOTP
	FactorCodes   = factor.Codes
)

// FactorsOf returns the factors of an account that are in use, oldest first.
func FactorsOf(ctx context.Context, user *User) (factor.List, error) {
	return user.factors(DB.WithContext(ctx))
}

func (u *User) factors(tx *pop.Connection) (factor.List, error) {
	list, err := factor.Of(tx, u.ID)
	return list.InUse(), err
}

// factor returns the account's factor of a kind, or nil. It has at most one of the kind.
func (u *User) factor(tx *pop.Connection, kind string) (*Factor, error) {
	list, err := u.factors(tx)
	return list.OfKind(kind).Oldest(), err
}

// passing returns the account's passkeys and TOTP keys that work. Recovery codes do not
// count: they run out.
func (u *User) passing(tx *pop.Connection) (factor.List, error) {
	list, err := u.factors(tx)
	list = list.Filter(works)
	list = list.Filter(opens)
	return list.OfKind(FactorPasskey, FactorTOTP), err
}

// hasFirstStep reports whether the account has a password or an identity.
func (u *User) hasFirstStep(tx *pop.Connection) (bool, error) {
	if u.HasPassword() {
		return true, nil
	}
	return u.hasIdentity(tx)
}

// requireWayInWithout returns ErrRefused if the account would have no way in without the
// factor with the id. A way in is a passkey, or a password or identity; if the second step is
// on, together with a factor that passes it. The user's row must be locked.
func (u *User) requireWayInWithout(tx *pop.Connection, id uuid.UUID) error {
	list, err := u.factorsWithout(tx, id)
	first, firstErr := u.hasFirstStep(tx)
	if err := errors.Join(err, firstErr); err != nil {
		return err
	}
	if u.SecondStep && len(list) == 0 || !first && len(list.OfKind(FactorPasskey)) == 0 {
		return ErrRefused
	}
	return nil
}

// factorsWithout returns the account's passkeys and TOTP keys that work, except the one with
// the id and those that an undo will remove.
func (u *User) factorsWithout(tx *pop.Connection, id uuid.UUID) (factor.List, error) {
	list, err := u.passing(tx)
	waiting, waitingErr := u.journal(tx).Waiting()
	for _, p := range waiting {
		list = list.Without(p.Item)
	}
	return list.Without(id), errors.Join(err, waitingErr)
}

// useFactor records that a login used the factor, in the login's transaction, and stops a
// waiting undo from removing the factor. The user's row must be locked.
// It also clears wrongCodes.
func (u *User) useFactor(tx *pop.Connection, f *Factor, client Client) error {
	return errors.Join(u.noteUse(tx, f, client), u.wrongCodes().Clear(tx), u.stopUndo(tx, f))
}

// confirmFactor is useFactor for a confirmation. It clears and stops nothing, and returns
// ErrBadCode for a factor that an undo will remove: the factor may be an attacker's.
func (u *User) confirmFactor(tx *pop.Connection, f *Factor, client Client) error {
	if removes, err := u.journal(tx).UndoRemoves(f.ID); err != nil || removes {
		return cmp.Or(err, ErrBadCode)
	}
	return u.noteUse(tx, f, client)
}

func (u *User) noteUse(tx *pop.Connection, f *Factor, client Client) error {
	first, err := f.Use(tx, Clock.Now())
	if err != nil || !first || f.Kind == FactorCodes { // each use of a recovery code has its own mail
		return err
	}
	return errors.Join(u.record(tx, ActivityFactorFirstUsed, client), u.mailNotice(tx, MailFactorFirstUsed, client))
}

// addFactor stores a factor, and adds the change. It mails nothing: changes that are made
// together share one mail, whose link has the number of the first. The user's row must be locked.
func (u *User) addFactor(tx *pop.Connection, f *Factor, client Client) (number int, err error) {
	f.UserID = u.ID
	if err := f.Add(tx, Clock.Now()); err != nil {
		return 0, err
	}
	return u.addChange(tx, f.Kind+undo.Added, f.NullID(), client)
}

// removeFactor takes a factor out of use, and adds the change. The user's row must be locked.
func (u *User) removeFactor(tx *pop.Connection, f *Factor, client Client) (number int, err error) {
	if number, err = u.addChange(tx, f.Kind+undo.Removed, f.NullID(), client); err != nil {
		return 0, err
	}
	return number, f.Remove(tx, Clock.Now(), number)
}

func (u *User) storeSecondStep(tx *pop.Connection, on bool) error {
	u.SecondStep = on
	if on { // otherwise a session that the password confirmed could turn it off again
		if _, err := exec(tx, "ending confirmations", "UPDATE sessions SET confirmed_at = NULL WHERE user_id = ? AND id <> ?", u.ID, u.sessionID); err != nil {
			return err
		}
		if err := tokens.Void(tx, PurposeEmailConfirm, u.ID.String()); err != nil { // the password may have sufficed to ask for it
			return err
		}
	}
	if on && settings.SecondStepRequired {
		// End sessions that wait for the user to enrol: one may be an attacker's.
		if _, err := endSessions(tx, "user_id = ? AND may_enrol = ? AND factor_id IS NULL", u.ID, false); err != nil {
			return err
		}
	}
	return wrap("turning the second step on or off", tx.UpdateColumns(u, "second_step", "updated_at"))
}
