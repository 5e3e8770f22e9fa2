package models

import (
	"context"
	"errors"

	"github.com/gobuffalo/pop/v6"

	"corral/internal/factor"
	"corral/internal/undo"
)

// WaitingChangesOf returns the changes that an undo, or an operator's removal of factors, will
// make to an account, the next first.
func WaitingChangesOf(ctx context.Context, user *User) ([]factor.Waiting, error) {
	tx := DB.WithContext(ctx)
	factors, err := factor.Of(tx, user.ID)
	effects, effectsErr := user.journal(tx).Effects()
	return factors.Waiting(effects, secondStepKind), errors.Join(err, effectsErr)
}

// DecideUndo stops a waiting undo, or finishes it at once. It returns ErrNotFound if nothing
// waits, and ErrRefused if an operator's removal waits or the session's login was not by a
// factor that stays.
func (s *Session) DecideUndo(ctx context.Context, atOnce bool, client Client) error {
	return s.User.change(ctx, func(tx *pop.Connection) error {
		waiting, may, err := s.mayDecide(tx)
		switch {
		case err != nil:
			return err
		case len(waiting) == 0:
			return ErrNotFound
		case !may:
			return ErrRefused
		case atOnce:
			return s.User.finishUndo(tx, waiting, client)
		}
		return errors.Join(s.User.journal(tx).Drop(waiting), s.User.record(tx, ActivityUndoStopped, client))
	})
}

// MayDecideUndo reports whether the session may decide about the waiting changes.
func (s *Session) MayDecideUndo(ctx context.Context) (bool, error) {
	_, may, err := s.mayDecide(DB.WithContext(ctx))
	return may, err
}

// mayDecide returns the waiting parts, and whether the session's login was by a factor that
// stays. An attacker may have added another factor, and must not stop the undo that restores
// the owner's.
func (s *Session) mayDecide(tx *pop.Connection) (waiting []undo.Part, may bool, err error) {
	waiting, err = s.User.journal(tx).Waiting()
	if err == nil && len(waiting) > 0 && s.FactorID.Valid {
		may, err = s.User.journal(tx).Stays(s.FactorID.UUID, waiting)
	}
	return waiting, may, err
}

// FinishUndos makes the waiting changes that are due, for the janitor. After an error for one
// user, it goes on with the others.
func FinishUndos(ctx context.Context) error {
	users, err := undo.DueUsers(DB.WithContext(ctx), Clock.Now())
	for _, id := range users {
		userErr := inTransactionWithMail(ctx, func(tx *pop.Connection) error {
			user, err := lockUser(tx, changeLock, "id = ?", id)
			if err != nil {
				return err
			}
			due, err := user.journal(tx).Due()
			if err != nil {
				return err
			}
			removals, _ := undo.OperatorRemovals(due)
			return errors.Join(user.finishUndo(tx, due, Client{}), user.resetFactors(tx, removals)) // which the undo may have restored
		})
		err = errors.Join(err, replace(userErr, ErrNotFound, nil))
	}
	return err
}

// finishUndo finishes parts and, if factors changed, mails the owner and sends another reset
// link: the second step may have been impossible until now.
func (u *User) finishUndo(tx *pop.Connection, parts []undo.Part, client Client) error {
	changed, err := u.journal(tx).Finish(parts)
	if err != nil || !changed {
		return err
	}
	if err := errors.Join(u.afterUndo(tx), u.record(tx, ActivityUndoFinished, client)); err != nil || u.DeletedAt.Valid {
		return err // undoing the deletion mails a reset link
	}
	return errors.Join(u.mail(tx, MailUndoFinished, u.Email, client), u.mailReset(tx, client), u.mailEnrolment(tx, client))
}
