package models

import (
	"context"
	"errors"
	"slices"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/purge"
)

// MaxSessions is the maximum number of sessions on the devices page.
const MaxSessions = 100

// SessionsOf returns the account's sessions that have not expired, the most recently seen first.
// It reads at most MaxSessions + 1 rows, so that the page can say if it does not list all.
func SessionsOf(ctx context.Context, user *User) ([]Session, error) {
	var sessions []Session
	err := DB.WithContext(ctx).Where("user_id = ?", user.ID).Order("last_seen_at DESC, created_at DESC, id").Limit(MaxSessions + 1).All(&sessions)
	for i := range sessions {
		sessions[i].User = user
	}
	now := Clock.Now()
	return slices.DeleteFunc(sessions, func(s Session) bool { return s.expired(now) }), wrap("listing sessions", err)
}

// EndSessionByID ends one session of an account, or returns ErrNotFound.
func EndSessionByID(ctx context.Context, user *User, id string, client Client) error {
	return user.recording(ctx, ActivitySessionEnded, client, func(tx *pop.Connection) error {
		return atLeastOne(endSessions(tx, "id = ? AND user_id = ?", uuid.FromStringOrNil(id), user.ID))
	})
}

// EndOtherSessions ends every session of the account but this one, or returns ErrNotFound.
func (s *Session) EndOtherSessions(ctx context.Context, client Client) error {
	return s.User.recording(ctx, ActivityOthersEnded, client, func(tx *pop.Connection) error {
		return atLeastOne(endSessions(tx, "user_id = ? AND id <> ?", s.UserID, s.ID))
	})
}

// EndSessionsOf ends all sessions of an account and voids its device cookies, for an operator: an
// attacker may have copied them.
func EndSessionsOf(ctx context.Context, user *User) (ended int, err error) {
	err = user.recording(ctx, ActivityEndedByOperator, Client{}, func(tx *pop.Connection) error {
		ended, err = endSessions(tx, "user_id = ?", user.ID)
		return errors.Join(err, deviceCookies.Void(tx, user.ID))
	})
	return ended, err
}

func endSessions(tx *pop.Connection, where string, args ...any) (ended int, err error) {
	return exec(tx, "ending sessions", "DELETE FROM sessions WHERE "+where, args...)
}

// atLeastOne returns ErrNotFound if a statement changed no row.
func atLeastOne(changed int, err error) error {
	if err == nil && changed == 0 {
		return ErrNotFound
	}
	return err
}

// EndAllSessions is EndSessionsOf for all accounts, in batches. It records no activity.
func EndAllSessions(ctx context.Context) (ended int, err error) {
	// First: with one, an attacker could skip the second step and log in again meanwhile.
	_, cookiesErr := purge.DeleteRule("device_cookies", "id > ?", "id", uuid.Nil).RunAll(ctx, DB)
	ended, err = purge.DeleteRule("sessions", "id > ?", "id", uuid.Nil).RunAll(ctx, DB)
	return ended, errors.Join(cookiesErr, err)
}
