package models

import (
	"context"
	"database/sql"
	"time"

	"github.com/gobuffalo/nulls"
	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/secret"
)

// Session is a logged-in browser, which holds a token: the row's id, a dot and a
// secret. The row holds the token's SHA-256: deleting the row voids every copy of the cookie.
type Session struct {
	ID          uuid.UUID     `db:"id"`
	UserID      uuid.UUID     `db:"user_id"`
	TokenDigest []byte        `db:"token_digest" json:"-"`
	Remembered  bool          `db:"remembered"`
	IP          string        `db:"ip"` // of the client at login
	LastSeenIP  string        `db:"last_seen_ip"`
	UserAgent   string        `db:"user_agent"`
	FactorID    uuid.NullUUID `db:"factor_id"` // the factor that the login used
	CreatedAt   time.Time     `db:"created_at"`
	LastSeenAt  time.Time     `db:"last_seen_at"`

	ConfirmedAt         nulls.Time `db:"confirmed_at"`         // null: asks for a confirmation
	FailedConfirmations int        `db:"failed_confirmations"` // since the last that succeeded

	MayEnrol bool `db:"may_enrol"` // the session redeemed a mailed link: see MustEnrol

	User *User `db:"-" belongs_to:"user"` // never nil
}

// seenEvery is the least time between two writes of last_seen_at for the same IP.
const seenEvery = time.Minute

// LoggedIn is a new session and what its browser keeps.
type LoggedIn struct {
	*Session
	RawSessionToken string // stored nowhere else
	RawDeviceCookie string
	activity        string // the kind that the login is recorded as
}

// StartSession logs a browser in. The session has Remembered, ConfirmedAt, FactorID and
// MayEnrol from like. The caller records the activity.
func StartSession(ctx context.Context, user *User, client Client, like Session) (s *LoggedIn, err error) {
	err = inTransactionWithMail(ctx, func(tx *pop.Connection) error {
		s, err = startSession(tx, user, client, like)
		return err
	})
	return s, err
}

// startSession replaces the client's session, and makes the client a known browser. See
// StartSession for like. It returns ErrBadCredentials if the account was deleted, or its
// password or a factor changed, since user was read.
func startSession(tx *pop.Connection, user *User, client Client, like Session) (*LoggedIn, error) {
	s, id, now := &like, newID(), Clock.Now()
	rawToken := secret.NewTokenOf(id)
	s.ID, s.UserID, s.User, s.TokenDigest = id, user.ID, user, secret.TokenDigest(rawToken)
	s.IP, s.LastSeenIP, s.UserAgent = client.ip(), client.ip(), client.userAgent()
	s.CreatedAt, s.LastSeenAt, s.FailedConfirmations = now, now, 0 // like may be an ended session
	// First: it locks the user's row, see lockUser.
	if err := s.insert(tx); err != nil {
		return nil, err
	}
	if _, err := endSession(tx, client); err != nil {
		return nil, err
	}
	rawDeviceCookie, isNew, err := user.setDeviceCookie(tx, client)
	if err == nil && user.MustEnrol() && !s.MayEnrol {
		err = user.mailEnrolment(tx, client)
	}
	if err == nil && client.RawSecondStep != "" {
		err = user.cancelNotPassed(tx, client)
	}
	if err != nil {
		return nil, err
	}
	activity := map[bool]string{true: ActivityLoginNewBrowser, false: ActivityLogin}[isNew]
	return &LoggedIn{s, rawToken, rawDeviceCookie, activity}, nil
}

// insert also ends all but the newest thousand sessions of the account. Prevents a thief with
// the password from starting so many that no request could end them all in its time.
func (s *Session) insert(tx *pop.Connection) error {
	var sessions int
	err := tx.RawQuery(`INSERT INTO sessions (id, user_id, token_digest, remembered, factor_id, ip, last_seen_ip, user_agent, created_at, last_seen_at, confirmed_at, may_enrol)
		SELECT ?, id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM users WHERE id = ? AND credential_version = ?`+rowLock(tx, loginLock)+`
		RETURNING (SELECT count(*) FROM sessions WHERE user_id = ?)`,
		s.ID, s.TokenDigest, s.Remembered, s.FactorID, s.IP, s.LastSeenIP, s.UserAgent, s.CreatedAt, s.LastSeenAt,
		s.ConfirmedAt, s.MayEnrol, s.UserID, s.User.CredentialVersion, s.UserID).First(&sessions)
	if err == nil && sessions >= 1000 {
		err = tx.RawQuery(`DELETE FROM sessions WHERE id IN
			(SELECT id FROM sessions WHERE user_id = ? ORDER BY created_at DESC, id DESC LIMIT 1000 OFFSET 1000)`, s.UserID).Exec()
	}
	return replace(wrap("starting a session", err), sql.ErrNoRows, ErrBadCredentials)
}

// Is reports whether other is the same session.
func (s Session) Is(other *Session) bool { return s.ID == other.ID }

// ExpiresAt is when the session ends even if it is in use.
func (s *Session) ExpiresAt() time.Time {
	if s.Remembered {
		return s.CreatedAt.Add(settings.RememberLifetime)
	}
	return s.CreatedAt.Add(settings.SessionLifetime)
}

func (s *Session) expired(now time.Time) bool {
	idle := !s.Remembered && !now.Before(s.LastSeenAt.Add(settings.SessionIdle))
	return idle || !now.Before(s.ExpiresAt())
}

// markSeen stores that the session was used, at most once in seenEvery, or more often if
// SESSION_IDLE is short: a session in use must not expire.
func (s *Session) markSeen(ctx context.Context, client Client, now time.Time) error {
	if client.ip() == s.LastSeenIP && now.Before(s.LastSeenAt.Add(min(seenEvery, settings.SessionIdle/20))) {
		return nil
	}
	s.LastSeenAt, s.LastSeenIP = now, client.ip()
	_, err := exec(DB.WithContext(ctx), "updating a session", "UPDATE sessions SET last_seen_at = ?, last_seen_ip = ? WHERE id = ? AND last_seen_at <= ?",
		now, s.LastSeenIP, s.ID, now)
	return err
}

// EndSession logs the client out. It returns the user, or nil without a session.
func EndSession(ctx context.Context, client Client) (user *User, err error) {
	err = inTransaction(ctx, func(tx *pop.Connection) error {
		user, err = endSession(tx, client)
		return err
	})
	return user, err
}

func endSession(tx *pop.Connection, client Client) (*User, error) {
	if client.RawSessionToken == "" {
		return nil, nil
	}
	id, digest := secret.IDInToken(client.RawSessionToken), secret.TokenDigest(client.RawSessionToken)
	user, err := lockUser(tx, recordLock, "id = (SELECT user_id FROM sessions WHERE id = ? AND token_digest = ?)", id, digest)
	if err != nil {
		return nil, replace(err, ErrNotFound, nil)
	}
	ended, err := endSessions(tx, "id = ? AND token_digest = ?", id, digest)
	if err != nil || ended == 0 {
		return nil, err
	}
	return user, user.record(tx, ActivityLogout, client)
}
