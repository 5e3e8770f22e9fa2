package models

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
)

// ErrRefused means that the session's login was not by a factor that decides, or that
// no way in would remain.
var ErrRefused = errors.New("refused")

// DecideUndo stops what waits, or does it now. It returns ErrNotFound if nothing
// waits, and ErrRefused unless the session's login was by a factor that stays.
func (s *Session) DecideUndo(ctx context.Context, now bool, client Client) error {
	return announcing(ctx, func(tx *pop.Connection) error {
		user, err := lockUser(tx, toChange, "id = ?", s.UserID)
		if err != nil {
			return err
		}
		pending, err := undoPartsOf(tx, user)
		if err != nil {
			return err
		}
		if len(pending) == 0 {
			return ErrNotFound
		}
		stays, err := tx.Where("id = ? AND user_id = ? AND removed_at IS NULL AND id NOT IN (SELECT factor_id FROM undo_parts WHERE user_id = ?)",
			s.FactorID, user.ID, user.ID).Exists(&Factor{})
		if err != nil {
			return fmt.Errorf("finding a factor: %w", err)
		}
		if !stays {
			return ErrRefused
		}
		if now {
			return user.finishUndo(tx, pending, client)
		}
		return errors.Join(user.deleteUndoParts(tx, pending), user.record(tx, ActivityUndoStopped, client))
	})
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
			return user.finishUndo(tx, due, Client{})
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
	if len(parts) == 0 {
		return nil
	}
	return errors.Join(u.apply(tx, parts), u.deleteUndoParts(tx, parts), u.record(tx, ActivityUndoFinished, client),
		u.mail(tx, MailUndoFinished, client), u.mailReset(tx, client))
}

func (u *User) deleteUndoParts(tx *pop.Connection, parts []UndoPart) error {
	ids := []uuid.UUID{}
	for _, p := range parts {
		ids = append(ids, p.ID)
	}
	if err := tx.RawQuery("DELETE FROM undo_parts WHERE id IN (?)", ids).Exec(); err != nil {
		return fmt.Errorf("deleting parts of undos: %w", err)
	}
	return nil
}
