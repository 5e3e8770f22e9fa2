package models

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/undo"
)

// ResetFactors removes the factors of an account, also those that a waiting undo restores, and
// turns its second step off, for an operator: now, or a day after a mail. What is added or turned
// on during this day stays, a second step only if a factor passes it. The mail's link stops the
// removal, as does a login by a factor. It returns the time of the removal, or ErrNotFound if
// there is nothing to remove.
func (u *User) ResetFactors(ctx context.Context, now bool) (due time.Time, err error) {
	err = u.change(ctx, func(tx *pop.Connection) error {
		used, err := u.journal(tx).Items.InUse()
		waiting, waitingErr := u.journal(tx).Waiting()
		effects, effectsErr := u.journal(tx).Effects()
		for _, e := range effects {
			if e.Use {
				used = append(used, e.Item)
			}
		}
		if err := errors.Join(err, waitingErr, effectsErr); err != nil || len(used) == 0 {
			return cmp.Or(err, ErrNotFound)
		}
		removals, removedAt := undo.OperatorRemovals(waiting)
		switch due = Clock.Now(); {
		case now: // after the undo, so that the mail's link does not restore what an attacker added
			return errors.Join(u.finishUndo(tx, waiting, Client{}), u.resetFactors(tx, used))
		case len(removals) > 0: // a second call does not move the removal
			due = removedAt
			return nil
		}
		due = due.Add(UndoDelay)
		return errors.Join(u.journal(tx).RemoveLater(due, used), u.record(tx, ActivityFactorsReset, Client{}), u.mailNotice(tx, MailFactorsReset, Client{}))
	})
	return due, err
}

// resetFactors makes an operator's removals. It adds them like the owner's changes, so
// that the mail's link restores the factors.
func (u *User) resetFactors(tx *pop.Connection, removals []uuid.UUID) error {
	if len(removals) == 0 {
		return nil
	}
	first := u.Changes + 1
	factors, err := u.factors(tx)
	err = errors.Join(err, u.recentChanges().Clear(tx)) // an attacker must not keep the owner from adding factors again
	for _, f := range factors {
		if slices.Contains(removals, f.ID) { // a factor that was added since stays
			_, removeErr := u.removeFactor(tx, &f, Client{})
			err = errors.Join(err, removeErr)
		}
	}
	left, leftErr := u.passing(tx)
	if err = errors.Join(err, leftErr); u.SecondStep && (len(left) == 0 || slices.Contains(removals, theSwitch.UUID)) {
		_, _, switchErr := u.turnSecondStep(tx, false, Client{})
		err = errors.Join(err, switchErr)
	}
	if err != nil || u.Changes < first {
		return err
	}
	return u.mailNotMe(tx, first, MailFactorsRemoved, u.Email, Client{})
}
