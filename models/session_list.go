package models

import (
	"context"
	"fmt"
	"slices"

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
func EndSessionOf(ctx context.Context, user *User, id string) error {
	sessionID, err := uuid.FromString(id)
	if err != nil {
		return ErrNotFound
	}
	ended, err := DB.WithContext(ctx).RawQuery("DELETE FROM sessions WHERE id = ? AND user_id = ?", sessionID, user.ID).ExecWithCount()
	if err != nil {
		return fmt.Errorf("ending a session: %w", err)
	}
	if ended == 0 {
		return ErrNotFound
	}
	return nil
}

// EndOtherSessions ends every session of a person but this one.
func (s *Session) EndOtherSessions(ctx context.Context) error {
	err := DB.WithContext(ctx).RawQuery("DELETE FROM sessions WHERE user_id = ? AND id <> ?", s.UserID, s.ID).Exec()
	if err != nil {
		return fmt.Errorf("ending other sessions: %w", err)
	}
	return nil
}

// EndSessionsOf signs a person out everywhere and returns the number of rows
// that went.
func EndSessionsOf(ctx context.Context, user *User) (ended int, err error) {
	ended, err = DB.WithContext(ctx).RawQuery("DELETE FROM sessions WHERE user_id = ?", user.ID).ExecWithCount()
	if err != nil {
		return 0, fmt.Errorf("ending the sessions of an account: %w", err)
	}
	return ended, nil
}

// EndAllSessions signs everybody out and returns the number of rows that went.
func EndAllSessions(ctx context.Context) (ended int, err error) {
	ended, err = DB.WithContext(ctx).RawQuery("DELETE FROM sessions").ExecWithCount()
	if err != nil {
		return 0, fmt.Errorf("ending all sessions: %w", err)
	}
	return ended, nil
}
