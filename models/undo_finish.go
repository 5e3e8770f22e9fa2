package models

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
)

// DecideUndo stops what waits, or does it now. It returns ErrNotFound if nothing
// waits, and ErrRefused unless the session's login was by a factor that stays.
func (s *Session) DecideUndo(ctx context.Context, now bool, client Client) error {
	return announcing(ctx, func(tx *pop.Connection) error {
		err := s.User.lock(tx, toChange)
		if errors.Is(err, ErrBadCredentials) { // the undo has ended the session
			return ErrRefused
		}
		if err != nil {
			return err
		}
		pending, err := undoPartsOf(tx, s.User)
		if err != nil {
			return err
		}
		if len(pending) == 0 {
			return ErrNotFound
		}
		if decides, err := s.decides(tx, pending); err != nil || !decides {
			return cmp.Or(err, ErrRefused)
		}
		if now {
			return s.User.finishUndo(tx, pending, client)
		}
		return errors.Join(s.User.deleteUndoParts(tx, pending), s.User.record(tx, ActivityUndoStopped, client))
	})
}

// DecidesUndo reports whether the session may decide about what waits.
func (s *Session) DecidesUndo(ctx context.Context) (bool, error) {
	tx := DB.WithContext(ctx)
	pending, err := undoPartsOf(tx, s.User)
	if err != nil || len(pending) == 0 {
		return false, err
	}
	return s.decides(tx, pending)
}

// decides reports whether the session's login was by a factor that stays: one that
// was in use before all that is undone. A login by another has stopped its removal,
// but it may be an attacker's, who must not keep the owner's factors out.
func (s *Session) decides(tx *pop.Connection, pending []UndoPart) (bool, error) {
	factors, err := s.User.factors(tx)
	if err != nil || factors.ByID(s.FactorID.UUID) == nil || slices.ContainsFunc(pending, func(p UndoPart) bool { return p.FactorID == s.FactorID.UUID }) {
		return false, err
	}
	oldest := slices.MinFunc(pending, func(a, b UndoPart) int { return a.Number - b.Number })
	return s.User.stateBefore(tx, UndoPart{Number: oldest.Number, FactorID: s.FactorID.UUID})
}

// FinishUndos does what is due, for the janitor.
func FinishUndos(ctx context.Context) error {
	var users []uuid.UUID
	if err := DB.WithContext(ctx).RawQuery("SELECT user_id FROM undo_parts WHERE due_at <= ? ORDER BY due_at", Clock.Now()).All(&users); err != nil {
		return fmt.Errorf("finding due undos: %w", err)
	}
	for _, id := range slices.Compact(users) { // again for an account between others: finds nothing
		err := announcing(ctx, func(tx *pop.Connection) error {
			user, err := lockUser(tx, toChange, "id = ?", id)
			if err != nil {
				return err
			}
			var due []UndoPart
			if err := tx.Where("user_id = ? AND due_at <= ?", id, Clock.Now()).Order("due_at, id").All(&due); err != nil {
				return fmt.Errorf("finding due undos: %w", err)
			}
			return errors.Join(user.resetFactors(tx, due), user.finishUndo(tx, due, Client{}))
		})
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	return nil
}

// finishUndo applies parts, tells the owner, and mails a reset link again: it was
// of no use without the factors.
func (u *User) finishUndo(tx *pop.Connection, parts []UndoPart, client Client) error {
	changed, err := u.apply(tx, parts)
	if err := errors.Join(err, u.deleteUndoParts(tx, parts)); err != nil || !changed {
		return err
	}
	if err := u.record(tx, ActivityUndoFinished, client); err != nil || u.DeletedAt.Valid { // the link that takes it back mails one
		return err
	}
	return errors.Join(u.mail(tx, MailUndoFinished, client), u.mailReset(tx, client))
}

func (u *User) deleteUndoParts(tx *pop.Connection, parts []UndoPart) error {
	if len(parts) == 0 { // another node was first
		return nil
	}
	ids := []uuid.UUID{}
	for _, p := range parts {
		ids = append(ids, p.ID)
	}
	return u.dropUndoParts(tx, "id IN (?)", ids)
}

func (u *User) dropUndoParts(tx *pop.Connection, which string, args ...any) error {
	return wrap("deleting parts of undos", tx.RawQuery("DELETE FROM undo_parts WHERE user_id = ? AND ("+which+")", append([]any{u.ID}, args...)...).Exec())
}
