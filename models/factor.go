package models

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gobuffalo/nulls"
	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
)

// Factor is a passkey, a TOTP secret or a set of recovery codes. A removed one is
// kept, out of use, while a mailed link may restore it.
type Factor struct {
	ID            uuid.UUID  `db:"id"`
	UserID        uuid.UUID  `db:"user_id"`
	Kind          string     `db:"kind"`
	Name          string     `db:"name"`                   // of a passkey
	CredentialID  []byte     `db:"credential_id" json:"-"` // of a passkey; else null
	Data          []byte     `db:"data" json:"-"`          // a passkey's credential; a sealed TOTP secret
	LastStep      int64      `db:"last_step"`              // of the newest accepted TOTP code
	CreatedAt     time.Time  `db:"created_at"`
	LastUsedAt    nulls.Time `db:"last_used_at"`
	RemovedAt     nulls.Time `db:"removed_at"`
	RemovedNumber int        `db:"removed_number"` // of the change that removed it; 0: its addition was undone
}

// The kinds of factors.
const (
	FactorPasskey = "passkey"
	FactorTOTP    = "totp"
	FactorCodes   = "codes"
)

func (f Factor) nullID() uuid.NullUUID { return uuid.NullUUID{UUID: f.ID, Valid: true} }

// FactorsOf returns the factors of an account that are in use, oldest first.
func FactorsOf(ctx context.Context, user *User) ([]Factor, error) {
	return factorsOf(DB.WithContext(ctx), user)
}

func factorsOf(tx *pop.Connection, user *User) (list []Factor, err error) {
	err = tx.Where("user_id = ? AND removed_at IS NULL", user.ID).Order("id").All(&list)
	return list, wrap("listing factors", err)
}

// factor returns the account's factor of a kind of which there is one, or nil.
func (u *User) factor(tx *pop.Connection, kind string) (*Factor, error) {
	list, err := factorsOf(tx, u)
	if i := slices.IndexFunc(list, func(f Factor) bool { return f.Kind == kind }); i >= 0 {
		return &list[i], nil
	}
	return nil, err
}

// canPass reports whether the account has a passkey or TOTP secret. Recovery codes are
// few.
func (u *User) canPass(tx *pop.Connection) (bool, error) {
	list, err := factorsOf(tx, u)
	return slices.ContainsFunc(list, func(f Factor) bool { return f.Kind != FactorCodes }), err
}

// useFactor notes that a login used the factor, within its transaction. That stops
// the factor's removal, if an undo waits. It takes the locked account.
func (u *User) useFactor(tx *pop.Connection, f *Factor, client Client) error {
	return errors.Join(u.noteUse(tx, f, client), u.stopUndo(tx, f))
}

// confirmFactor is useFactor for a confirmation. It stops nothing, and returns
// ErrBadCode for a factor that is due for removal: it may be an attacker's.
func (u *User) confirmFactor(tx *pop.Connection, f *Factor, client Client) error {
	if goes, err := u.undoRemoves(tx, f); err != nil || goes {
		return cmp.Or(err, ErrBadCode)
	}
	return u.noteUse(tx, f, client)
}

// undoRemoves reports whether an undo removes the factor soon: an attacker may have
// added it. An operator removes those of the owner.
func (u *User) undoRemoves(tx *pop.Connection, f *Factor) (bool, error) {
	var parts []UndoPart
	err := tx.Where("user_id = ? AND factor_id = ? AND number > 0", u.ID, f.ID).All(&parts)
	for _, p := range parts {
		restores, stateErr := u.stateBefore(tx, p) // it was taken back meanwhile
		if err = errors.Join(err, stateErr); err == nil && !restores {
			return true, nil
		}
	}
	return false, wrap("finding a part of an undo", err)
}

func (u *User) noteUse(tx *pop.Connection, f *Factor, client Client) error {
	first := !f.LastUsedAt.Valid && f.Kind != FactorCodes // each use of a code is mailed
	f.LastUsedAt = nulls.NewTime(Clock.Now())
	if err := tx.UpdateColumns(f, "last_used_at"); err != nil {
		return fmt.Errorf("using a factor: %w", err)
	}
	if err := u.wrongCodes().Clear(tx); err != nil || !first {
		return err
	}
	return errors.Join(u.record(tx, ActivityFactorFirstUsed, client), u.mailNotice(tx, MailFactorFirstUsed, client))
}

// addFactor stores a factor of the locked account, and lists and mails the change.
func (u *User) addFactor(tx *pop.Connection, f *Factor, client Client) error {
	number, err := u.storeFactor(tx, f, client)
	return errors.Join(err, u.mailNotMe(tx, number, f.Kind+added, u.Email, client))
}

// storeFactor is addFactor without a mail: what is done at once has one, whose
// number is that of the first change.
func (u *User) storeFactor(tx *pop.Connection, f *Factor, client Client) (number int, err error) {
	f.ID, f.UserID, f.CreatedAt = newID(), u.ID, Clock.Now()
	if err := tx.Create(f); err != nil {
		return 0, fmt.Errorf("storing a factor: %w", err)
	}
	return u.changeFactor(tx, f.Kind+added, f.nullID(), client)
}

// removeFactor takes a factor of the locked account out of use, and lists and mails
// the change.
func (u *User) removeFactor(tx *pop.Connection, f *Factor, client Client) error {
	number, err := u.voidFactor(tx, f, client)
	return errors.Join(err, u.mailNotMe(tx, number, f.Kind+removed, u.Email, client))
}

// voidFactor is removeFactor without a mail.
func (u *User) voidFactor(tx *pop.Connection, f *Factor, client Client) (number int, err error) {
	if number, err = u.changeFactor(tx, f.Kind+removed, f.nullID(), client); err != nil {
		return 0, err
	}
	f.RemovedAt, f.RemovedNumber = nulls.NewTime(Clock.Now()), number
	return number, wrap("removing a factor", tx.UpdateColumns(f, "removed_at", "removed_number"))
}

// changeFactor lists and records a change of a factor or of the switch. Its kind
// names activity and mail.
func (u *User) changeFactor(tx *pop.Connection, kind string, factorID uuid.NullUUID, client Client) (number int, err error) {
	if number, err = u.listChange(tx, kind, factorID); err != nil {
		return 0, err
	}
	return number, errors.Join(u.raiseVersion(tx), u.record(tx, kind, client))
}

func (u *User) storeSecondStep(tx *pop.Connection, on bool) error {
	u.SecondStep = on
	if on && settings.SecondFactorRequired {
		// Ends those that only wait for it: an attacker with the password may have one.
		if _, err := endSessions(tx, "user_id = ? AND may_enrol = ? AND factor_id IS NULL", u.ID, false); err != nil {
			return err
		}
	}
	return wrap("turning the second step", tx.UpdateColumns(u, "second_step", "updated_at"))
}

// keepAWayInWithout returns ErrRefused if the locked account would have no way in
// without a factor: a passkey, or a password or identity and what passes the second
// step, if that is on.
func (u *User) keepAWayInWithout(tx *pop.Connection, id uuid.UUID) error {
	kinds, err := u.kindsWithout(tx, id)
	identity, identityErr := u.hasIdentity(tx)
	if err := errors.Join(err, identityErr); err != nil {
		return err
	}
	if u.SecondStep && len(kinds) == 0 || u.PasswordDigest == "" && !identity && !slices.Contains(kinds, FactorPasskey) {
		return ErrRefused
	}
	return nil
}

// kindsWithout returns the kinds of the account's passkeys and TOTP secrets but one. What
// an undo removes soon is none.
func (u *User) kindsWithout(tx *pop.Connection, id uuid.UUID) (kinds []string, err error) {
	err = tx.RawQuery(`SELECT kind FROM factors WHERE user_id = ? AND removed_at IS NULL AND id <> ? AND kind <> ?
		AND id NOT IN (SELECT factor_id FROM undo_parts WHERE user_id = ?)`, u.ID, id, FactorCodes, u.ID).All(&kinds)
	return kinds, wrap("counting factors", err)
}
