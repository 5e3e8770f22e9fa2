package models

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/factor"
)

// UndoPart is a part of an undo that waits: of one factor, or of the switch.
type UndoPart struct {
	ID       uuid.UUID `db:"id"`
	UserID   uuid.UUID `db:"user_id"`
	Number   int       `db:"number"`    // of the oldest change to undo; 0 for an operator: of all
	FactorID uuid.UUID `db:"factor_id"` // uuid.Nil: the switch
	DueAt    time.Time `db:"due_at"`
}

// UndoDelay is how long the owner may stop the undo of a factor's change.
const UndoDelay = 24 * time.Hour

// undoPartsOf returns what waits in an account, the next first.
func undoPartsOf(tx *pop.Connection, user *User) (list []UndoPart, err error) {
	err = tx.Where("user_id = ?", user.ID).Order("due_at, id").All(&list)
	return list, wrap("listing parts of undos", err)
}

// scheduleUndo stores the parts that may change something. It neither postpones nor
// cancels what waits: an attacker could repeat that for ever. What waits for the same
// does not do: another secret may still be in its place, or it may be stopped.
func (u *User) scheduleUndo(tx *pop.Connection, parts map[uuid.UUID]UndoPart) error {
	if err := u.dropUndoParts(tx, "number = 0"); err != nil { // the operator's: the links of its mails stop it
		return err
	}
	pending, err := undoPartsOf(tx, u)
	if err != nil {
		return err
	}
	for id, p := range parts {
		now, err := u.stateNow(tx, id)
		if err != nil {
			return err
		}
		before, err := u.stateBefore(tx, p)
		if err != nil {
			return err
		}
		if before == now && !slices.ContainsFunc(pending, func(earlier UndoPart) bool { return earlier.FactorID == id }) {
			continue
		}
		p.ID, p.DueAt = newID(), Clock.Now().Add(UndoDelay)
		if err := tx.Create(&p); err != nil {
			return fmt.Errorf("storing a part of an undo: %w", err)
		}
	}
	return nil
}

// stateNow reports whether a factor is in use, or the switch is on.
func (u *User) stateNow(tx *pop.Connection, factorID uuid.UUID) (bool, error) {
	if factorID == theSwitch.UUID {
		return u.SecondStep, nil
	}
	list, err := u.factors(tx)
	return list.ByID(factorID) != nil, err
}

// stateBefore is stateNow before the changes that p undoes.
func (u *User) stateBefore(tx *pop.Connection, p UndoPart) (bool, error) {
	list, err := u.changesSince(tx, p.Number)
	if err != nil {
		return false, err
	}
	for i := len(list) - 1; i >= 0; i-- { // the oldest tells
		if c := list[i]; c.FactorID.Valid && c.FactorID.UUID == p.FactorID {
			return c.before(), nil
		}
	}
	return u.stateNow(tx, p.FactorID) // undone already
}

// apply undoes parts of the locked account, and reports whether that changed
// anything. Removals make room for what is restored.
func (u *User) apply(tx *pop.Connection, parts []UndoPart) (changed bool, err error) {
	for _, restoring := range []bool{false, true} {
		for _, p := range parts {
			before, err := u.stateBefore(tx, p)
			if err != nil {
				return false, err
			}
			if before != restoring || p.Number == 0 {
				continue
			}
			now, err := u.stateNow(tx, p.FactorID)
			if err == nil && now != before {
				now, err = u.setState(tx, p.FactorID, before)
				changed = changed || now == before
			}
			if err == nil && now == before {
				err = u.markUndone(tx, p.Number, uuid.NullUUID{UUID: p.FactorID, Valid: true})
			}
			if err != nil {
				return false, err
			}
		}
	}
	if !changed {
		return false, nil
	}
	return true, errors.Join(u.keepAWayIn(tx), u.raiseVersion(tx))
}

// setState returns the new state: a TOTP secret does not return if another took its
// place, which a login confirmed.
func (u *User) setState(tx *pop.Connection, factorID uuid.UUID, used bool) (now bool, err error) {
	if factorID == theSwitch.UUID {
		return used, u.storeSecondStep(tx, used)
	}
	list, err := factor.Of(tx, u.ID)
	f := list.ByID(factorID)
	switch {
	case err != nil || f == nil: // purged
		return false, err
	case !used:
		return false, f.Remove(tx, Clock.Now(), 0)
	case f.Kind != FactorPasskey && len(list.InUse().OfKind(f.Kind)) > 0:
		return false, nil
	}
	return true, f.Restore(tx)
}

// keepAWayIn turns the switch off if nothing is left that passes the second step.
func (u *User) keepAWayIn(tx *pop.Connection) error {
	if passes, err := u.canPass(tx); err != nil || passes || !u.SecondStep {
		return err
	}
	return u.storeSecondStep(tx, false)
}

// stopUndo is called when a login used a factor: that it is undone, or an operator
// removes the factors, stops. The part of the switch goes on: an attacker who reads the
// owner's mails and added the factor would keep the owner out for good.
func (u *User) stopUndo(tx *pop.Connection, f *Factor) error {
	ids := []uuid.UUID{f.ID}
	if f.Kind != FactorPasskey { // of which there is one: the other one's return stops too
		list, err := factor.Of(tx, u.ID)
		if err != nil {
			return err
		}
		ids = list.OfKind(f.Kind).IDs()
	}
	return u.dropUndoParts(tx, "number = 0 OR factor_id IN (?)", ids)
}
