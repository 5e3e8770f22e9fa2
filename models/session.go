package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
)

// Session is a browser that is signed in. The browser holds a token, the row its
// SHA-256: deleting the row signs the browser out, copies included. The token is
// the row's id, a dot and a secret. Ids are in the order of time: rows that are
// made together lie together, where an index of digests would scatter them.
type Session struct {
	ID          uuid.UUID `db:"id"`
	UserID      uuid.UUID `db:"user_id"`
	TokenDigest []byte    `db:"token_digest"`
	Remembered  bool      `db:"remembered"`
	Address     string    `db:"address"` // the client's IP address at sign-in
	UserAgent   string    `db:"user_agent"`
	CreatedAt   time.Time `db:"created_at"`
	LastSeenAt  time.Time `db:"last_seen_at"`

	User *User `db:"-"` // who is signed in; never nil
}

// maxUserAgent is what the column holds, in bytes.
const maxUserAgent = 255

// seenEvery is how often at most last_seen_at is written.
const seenEvery = time.Minute

// SignedIn is a session that has just begun, with what its browser is to keep.
type SignedIn struct {
	*Session
	RawToken  string // opens the session; no other copy of it exists
	RawDevice string // makes the browser known
	NewDevice bool
}

// StartSession signs a browser in. It notes no activity: what let the browser in
// has noted itself.
func StartSession(ctx context.Context, user *User, from Origin, remember bool) (s *SignedIn, err error) {
	err = announcing(ctx, func(tx *pop.Connection) error {
		s, err = startSession(tx, user, from, remember)
		return err
	})
	return s, err
}

// startSession does in one transaction all that belongs to a login: the session
// takes the place of the one before, and the browser becomes a known one.
// It returns ErrBadCredentials when the account is gone, or has got another
// password, since user was read.
func startSession(tx *pop.Connection, user *User, from Origin, remember bool) (*SignedIn, error) {
	if err := user.lock(tx, toSignIn); err != nil {
		return nil, err
	}
	if err := endSession(tx, from); err != nil { // somebody else in this browser, or the token before
		return nil, err
	}
	rawDevice, isNew, err := user.rememberDevice(tx, from)
	if err != nil {
		return nil, err
	}
	id, now := newID(), Clock.Now()
	rawToken := id.String() + "." + newRawToken()
	s := &Session{
		ID:          id,
		UserID:      user.ID,
		TokenDigest: tokenDigest(rawToken),
		Remembered:  remember,
		Address:     from.address(),
		UserAgent:   printable(from.UserAgent, maxUserAgent),
		CreatedAt:   now,
		LastSeenAt:  now,
		User:        user,
	}
	if err := tx.Create(s); err != nil {
		return nil, fmt.Errorf("starting a session: %w", err)
	}
	return &SignedIn{s, rawToken, rawDevice, isNew}, nil
}

// FindSession returns the session that a token opens, with its user, or
// ErrNotFound when there is none or its time is over. It notes that the
// session was seen. What a page does not need of either is left empty.
func FindSession(ctx context.Context, rawToken string) (*Session, error) {
	s, err := findSession(ctx, rawToken)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("finding a session: %w", err)
	}
	now := Clock.Now()
	if s.expired(now) {
		return nil, errors.Join(ErrNotFound, s.remove(ctx))
	}
	return s, s.seen(ctx, now)
}

// sessionByToken is sent by every page of a person who is signed in. It names
// its columns, so that a migration which adds one leaves it as it is, and as few
// as can be: reading them takes as long as finding them.
var sessionByToken = prepared{text: `
	SELECT sessions.id, sessions.remembered, sessions.created_at, sessions.last_seen_at,
		users.id, users.email, users.language, users.password_digest
	FROM sessions JOIN users ON users.id = sessions.user_id
	WHERE sessions.id = ? AND sessions.token_digest = ?`}

func findSession(ctx context.Context, rawToken string) (*Session, error) {
	if DB.Dialect.Name() == "sqlite3" {
		// Nothing to wait for: in WAL mode no writer holds up a reader. A context that
		// can end costs the driver two goroutines a query.
		ctx = context.WithoutCancel(ctx)
	}
	row, err := sessionByToken.QueryRow(ctx, idInToken(rawToken), tokenDigest(rawToken))
	if err != nil {
		return nil, err
	}
	user := &User{}
	s := &Session{User: user}
	err = row.Scan(&s.ID, &s.Remembered, &s.CreatedAt, &s.LastSeenAt, &user.ID, &user.Email, &user.Language, &user.PasswordDigest)
	s.UserID = user.ID
	return s, err
}

// idInToken is the id of the row that a session's token may open. A token that
// has none has that of no row.
func idInToken(rawToken string) uuid.UUID {
	id, _, _ := strings.Cut(rawToken, ".")
	return uuid.FromStringOrNil(id)
}

// ExpiresAt is when the session ends, however much it is used.
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

// seen writes last_seen_at, at most once a minute: a page is not worth a write.
// A short SESSION_IDLE needs finer steps, or a busy session would end as idle.
func (s *Session) seen(ctx context.Context, now time.Time) error {
	if now.Before(s.LastSeenAt.Add(min(seenEvery, settings.SessionIdle/4))) {
		return nil
	}
	s.LastSeenAt = now
	err := DB.WithContext(ctx).RawQuery("UPDATE sessions SET last_seen_at = ? WHERE id = ? AND last_seen_at < ?", now, s.ID, now).Exec()
	if err != nil {
		return fmt.Errorf("noting a session: %w", err)
	}
	return nil
}

// remove deletes the row of a session whose time is over: nobody logged out.
func (s *Session) remove(ctx context.Context) error {
	if err := DB.WithContext(ctx).RawQuery("DELETE FROM sessions WHERE id = ?", s.ID).Exec(); err != nil {
		return fmt.Errorf("removing a session: %w", err)
	}
	return nil
}

// EndSession signs out the browser that asks. One that is not signed in is no error.
func EndSession(ctx context.Context, from Origin) error {
	return inTransaction(ctx, func(tx *pop.Connection) error { return endSession(tx, from) })
}

func endSession(tx *pop.Connection, from Origin) error {
	id, digest := idInToken(from.RawSession), tokenDigest(from.RawSession)
	user, err := lockUser(tx, toNote, "id = (SELECT user_id FROM sessions WHERE id = ? AND token_digest = ?)", id, digest)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	ended, err := endSessions(tx, "id = ? AND token_digest = ?", id, digest)
	if err != nil || ended == 0 {
		return err
	}
	return user.record(tx, ActivityLogout, from)
}
