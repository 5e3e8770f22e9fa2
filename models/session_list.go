package models

import (
	"context"
	"fmt"
	"slices"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
)

// SessionsOf returns where a person is signed in, the newest seen first. What
// has expired but was not removed yet is left out: it opens nothing.
func SessionsOf(ctx context.Context, user *User) ([]Session, error) {
	var sessions []Session
	err := DB.WithContext(ctx).Where("user_id = ?", user.ID).Order("last_seen_at DESC, created_at DESC, id").All(&sessions)
	if err != nil {
		return nil, fmt.Errorf("listing sessions: %w", err)
	}
	now := Clock.Now()
	return slices.DeleteFunc(sessions, func(s Session) bool { return s.expired(now) }), nil
}

// EndSessionOf ends one session of a person. It returns ErrNotFound when there
// is none by that id, or when it is somebody else's.
func EndSessionOf(ctx context.Context, user *User, id string, from Origin) error {
	sessionID, err := uuid.FromString(id)
	if err != nil {
		return ErrNotFound
	}
	return inTransaction(ctx, func(tx *pop.Connection) error {
		if _, err := lockUser(tx, toNote, "id = ?", user.ID); err != nil {
			return err
		}
		ended, err := endSessions(tx, "id = ? AND user_id = ?", sessionID, user.ID)
		if err != nil {
			return err
		}
		if ended == 0 {
			return ErrNotFound
		}
		return user.record(tx, ActivitySessionEnded, from)
	})
}

// EndOtherSessions ends every session of a person but this one.
func (s *Session) EndOtherSessions(ctx context.Context, from Origin) error {
	return inTransaction(ctx, func(tx *pop.Connection) error {
		if _, err := lockUser(tx, toNote, "id = ?", s.UserID); err != nil {
			return err
		}
		if _, err := endSessions(tx, "user_id = ? AND id <> ?", s.UserID, s.ID); err != nil {
			return err
		}
		return s.User.record(tx, ActivityOthersEnded, from)
	})
}

// EndSessionsOf signs a person out everywhere, at an operator's wish, and
// returns the number of rows that went.
func EndSessionsOf(ctx context.Context, user *User) (ended int, err error) {
	err = inTransaction(ctx, func(tx *pop.Connection) error {
		if _, err := lockUser(tx, toNote, "id = ?", user.ID); err != nil {
			return err
		}
		if ended, err = endSessions(tx, "user_id = ?", user.ID); err != nil {
			return err
		}
		return user.record(tx, ActivityOperatorEnded, Origin{})
	})
	return ended, err
}

func endSessions(tx *pop.Connection, which string, args ...any) (ended int, err error) {
	ended, err = tx.RawQuery("DELETE FROM sessions WHERE "+which, args...).ExecWithCount()
	if err != nil {
		return 0, fmt.Errorf("ending sessions: %w", err)
	}
	return ended, nil
}

// EndAllSessions signs everybody out and returns the number of rows that went.
// The activity of so many is left alone.
func EndAllSessions(ctx context.Context) (ended int, err error) {
	ended, err = DB.WithContext(ctx).RawQuery("DELETE FROM sessions").ExecWithCount()
	if err != nil {
		return 0, fmt.Errorf("ending all sessions: %w", err)
	}
	return ended, nil
}
