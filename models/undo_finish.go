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

// DecideUndo stops the changes of WaitingChangesOf, or makes them now. It returns ErrNotFound if there
// are none, ErrRefused unless the session's login was by a factor that stays, and
// ErrBadCredentials if the undo, or something else, has ended the session.
func (s *Session) DecideUndo(ctx context.Context, now bool, client Client) error {
	return s.User.change(ctx, func(tx *pop.Connection) error {
		pending, decides, err := s.decides(tx)
		switch {
		case err != nil:
			return err
		case len(pending) == 0:
			return ErrNotFound
		case !decides:
			return ErrRefused
		case now:
			return s.User.finishUndo(tx, pending, client)
		}
		return errors.Join(s.User.journal(tx).Drop(pending), s.User.record(tx, ActivityUndoStopped, client))
	})
}

// DecidesUndo reports whether the session may decide about the waiting changes.
func (s *Session) DecidesUndo(ctx context.Context) (bool, error) {
	_, decides, err := s.decides(DB.WithContext(ctx))
	return decides, err
}

// decides returns the waiting parts, and whether the session's login was by a factor that
// stays. A login by another factor may be an attacker's, who must not keep the owner's
// factors out.
func (s *Session) decides(tx *pop.Connection) (pending []undo.Part, decides bool, err error) {
	pending, err = s.User.journal(tx).Pending()
	if err == nil && len(pending) > 0 && s.FactorID.Valid {
		decides, err = s.User.journal(tx).Stays(s.FactorID.UUID, pending)
	}
	return pending, decides, err
}

// FinishUndos makes the waiting changes that are due, for the janitor. Those of other users
// do not depend on a user's that fail.
func FinishUndos(ctx context.Context) error {
	users, err := undo.Due(DB.WithContext(ctx), Clock.Now())
	for _, id := range users {
		failed := inTransactionWithMail(ctx, func(tx *pop.Connection) error {
			user, err := lockUser(tx, changeLock, "id = ?", id)
			if err != nil {
				return err
			}
			due, err := user.journal(tx).Due()
			if err != nil {
				return err
			}
			removals, _ := undo.Removals(due)
			return errors.Join(user.resetFactors(tx, removals), user.finishUndo(tx, due, Client{}))
		})
		if !errors.Is(failed, ErrNotFound) {
			err = errors.Join(err, failed)
		}
	}
	return err
}

// finishUndo applies parts, mails the owner, and mails a second reset link: the first one
// was of no use without the factors.
func (u *User) finishUndo(tx *pop.Connection, parts []undo.Part, client Client) error {
	changed, err := u.journal(tx).Finish(parts)
	if err != nil || !changed {
		return err
	}
	if err := errors.Join(u.afterUndo(tx), u.record(tx, ActivityUndoFinished, client)); err != nil || u.DeletedAt.Valid { // undoing the deletion mails a reset link
		return err
	}
	return errors.Join(u.mail(tx, MailUndoFinished, u.Email, client), u.mailReset(tx, client), u.mailEnrolment(tx, client))
}
