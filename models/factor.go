package models

import (
	"context"
	"errors"
	"fmt"
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

func (f Factor) passesSecondStep() bool { return f.Kind == FactorPasskey || f.Kind == FactorTOTP }

func (f Factor) nullID() uuid.NullUUID { return uuid.NullUUID{UUID: f.ID, Valid: true} }

// FactorsOf returns the factors of an account that are in use, oldest first.
func FactorsOf(ctx context.Context, user *User) ([]Factor, error) {
	return factorsOf(DB.WithContext(ctx), user)
}

func factorsOf(tx *pop.Connection, user *User) (list []Factor, err error) {
	if err := tx.Where("user_id = ? AND removed_at IS NULL", user.ID).Order("id").All(&list); err != nil {
		return nil, fmt.Errorf("listing factors: %w", err)
	}
	return list, nil
}

// addFactor stores a factor of the locked account, and lists and mails the change.
func (u *User) addFactor(tx *pop.Connection, f *Factor, client Client) error {
	f.ID, f.UserID, f.CreatedAt = newID(), u.ID, Clock.Now()
	if err := tx.Create(f); err != nil {
		return fmt.Errorf("storing a factor: %w", err)
	}
	return u.changeFactor(tx, f.Kind+added, f.nullID(), client)
}

// removeFactor takes a factor of the locked account out of use, and lists and mails
// the change.
func (u *User) removeFactor(tx *pop.Connection, f *Factor, client Client) error {
	number, err := u.listChange(tx, f.Kind+removed, f.nullID())
	if err != nil {
		return err
	}
	f.RemovedAt, f.RemovedNumber = nulls.NewTime(Clock.Now()), number
	if err := tx.UpdateColumns(f, "removed_at", "removed_number"); err != nil {
		return fmt.Errorf("removing a factor: %w", err)
	}
	return u.announceChange(tx, f.Kind+removed, number, client)
}

// setSecondStep turns the switch of the locked account, and lists and mails the
// change.
func (u *User) setSecondStep(tx *pop.Connection, on bool, client Client) error {
	if err := u.storeSecondStep(tx, on); err != nil {
		return err
	}
	kind := ChangeSecondStepOff
	if on {
		kind = ChangeSecondStepOn
	}
	return u.changeFactor(tx, kind, theSwitch, client)
}

func (u *User) storeSecondStep(tx *pop.Connection, on bool) error {
	u.SecondStep = on
	if err := tx.UpdateColumns(u, "second_step", "updated_at"); err != nil {
		return fmt.Errorf("turning the second step: %w", err)
	}
	return nil
}

// changeFactor lists a change of a factor or of the switch and mails its link.
func (u *User) changeFactor(tx *pop.Connection, kind string, factorID uuid.NullUUID, client Client) error {
	number, err := u.listChange(tx, kind, factorID)
	if err != nil {
		return err
	}
	return u.announceChange(tx, kind, number, client)
}

// announceChange records a change of a factor and mails a link that undoes it. Its kind names
// activity and mail.
func (u *User) announceChange(tx *pop.Connection, kind string, number int, client Client) error {
	if err := errors.Join(u.raiseVersion(tx), u.record(tx, kind, client)); err != nil {
		return err
	}
	return u.mailNotMe(tx, number, kind, u.Email, client)
}
