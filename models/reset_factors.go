package models

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gobuffalo/pop/v6"
)

// ResetFactors removes the factors of an account and turns its second step off, for
// an operator: now, or a day after a mail. The mail's link stops it, as does a login
// by a factor. It returns when it is done, ErrNotFound if there is nothing to remove,
// or ErrBadCredentials as lock does.
func (u *User) ResetFactors(ctx context.Context, now bool) (due time.Time, err error) {
	err = u.change(ctx, func(tx *pop.Connection) error {
		factors, err := u.factors(tx)
		parts := []UndoPart{}
		for _, f := range factors {
			parts = append(parts, UndoPart{FactorID: f.ID})
		}
		if u.SecondStep {
			parts = append(parts, UndoPart{FactorID: theSwitch.UUID})
		}
		waiting, waitingErr := undoPartsOf(tx, u)
		i := slices.IndexFunc(waiting, func(p UndoPart) bool { return p.Number == 0 })
		switch due = Clock.Now(); {
		case err != nil || waitingErr != nil:
			return errors.Join(err, waitingErr)
		case len(parts) == 0:
			return ErrNotFound
		case now:
			return errors.Join(u.dropUndoParts(tx, "number = 0"), u.resetFactors(tx, parts))
		case i >= 0: // a second call neither postpones nor hastens it
			due = waiting[i].DueAt
			return nil
		}
		due = due.Add(UndoDelay)
		for _, p := range parts {
			p.ID, p.UserID, p.DueAt = newID(), u.ID, due
			err = errors.Join(err, tx.Create(&p))
		}
		return errors.Join(wrap("storing a part of a reset", err), u.record(tx, ActivityFactorsReset, Client{}), u.mailNotice(tx, MailFactorsReset, Client{}))
	})
	return due, err
}

// resetFactors does an operator's parts. They are changes like the owner's, so that
// the mail's link brings the factors back.
func (u *User) resetFactors(tx *pop.Connection, parts []UndoPart) error {
	parts = slices.DeleteFunc(slices.Clone(parts), func(p UndoPart) bool { return p.Number > 0 })
	if len(parts) == 0 {
		return nil
	}
	first := u.Changes + 1
	factors, err := u.factors(tx)
	for _, f := range factors {
		if slices.ContainsFunc(parts, func(p UndoPart) bool { return p.FactorID == f.ID }) { // not one that was added since
			_, voidErr := u.voidFactor(tx, &f, Client{})
			err = errors.Join(err, voidErr)
		}
	}
	if u.SecondStep {
		_, _, switchErr := u.turnSecondStep(tx, false, Client{})
		err = errors.Join(err, switchErr)
	}
	if err != nil || u.Changes < first {
		return err
	}
	return u.mailNotMe(tx, first, MailFactorsRemoved, u.Email, Client{})
}
