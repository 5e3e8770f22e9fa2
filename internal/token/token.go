// Package token stores one-time tokens, the secrets of mailed links, in the table
// tokens. A token works once, for one purpose, until it expires. The table holds only
// SHA-256 digests: an attacker who reads it cannot redeem a token.
//
//	tokens := token.Store{Now: time.Now, Lifetimes: map[string]time.Duration{"reset": time.Hour}}
//	raw, err := tokens.Issue(tx, token.Token{Purpose: "reset", Subject: email, Email: email})
//	t, err := tokens.Find(tx, raw, "reset")
//	err = tokens.Redeem(tx, t)
//
// All tokens of a purpose and subject work until one of them is redeemed. Prevents an
// attacker from ending the owner's link by requesting another. A migration creates the
// table:
//
//	create_table("tokens") {
//		t.Column("id", "uuid", {primary: true})
//		t.Column("purpose", "string", {size: 32})
//		t.Column("subject", "string", {size: 254})
//		t.Column("number", "integer", {})
//		t.Column("token_digest", "blob", {})
//		t.Column("email", "string", {size: 254})
//		t.Column("user_id", "uuid", {"null": true})
//		t.Column("next", "string", {size: 1024})
//		t.Column("created_at", "timestamp", {})
//		t.Column("expires_at", "timestamp", {})
//		t.Column("redeemed", "bool", {})
//		t.DisableTimestamps()
//	}
//	add_index("tokens", "token_digest", {unique: true})
//	add_index("tokens", ["purpose", "subject"], {})
package token

import (
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/database"
	"corral/internal/secret"
)

// Token is a row of the table.
type Token struct {
	ID          uuid.UUID     `db:"id"`
	Purpose     string        `db:"purpose"`
	Subject     string        `db:"subject"` // redeeming a token ends all tokens of its purpose and subject
	Number      int           `db:"number"`  // for the app, to order the tokens of a user
	TokenDigest []byte        `db:"token_digest" json:"-"`
	Email       string        `db:"email"` // the recipient of the token's mail
	UserID      uuid.NullUUID `db:"user_id"`
	Next        string        `db:"next"` // the page to redirect to after redeeming, or ""
	CreatedAt   time.Time     `db:"created_at"`
	ExpiresAt   time.Time     `db:"expires_at"` // of a redeemed token: when it was redeemed
	Redeemed    bool          `db:"redeemed"`
}

// ErrNotFound means that the token does not exist or does not work. A [DeadError]
// wraps it.
var ErrNotFound = errors.New("not found")

// DeadError says why an existing token no longer works.
type DeadError struct {
	Token    *Token
	Redeemed bool // otherwise expired
}

func (e *DeadError) Error() string {
	if e.Redeemed {
		return "the token was redeemed"
	}
	return "the token has expired"
}

func (e *DeadError) Unwrap() error { return ErrNotFound }

// Store issues, finds and redeems tokens.
type Store struct {
	Now       func() time.Time
	Lifetimes map[string]time.Duration // by purpose
}

// Issue stores t with the digest of a new secret, and returns the secret.
func (s Store) Issue(tx *pop.Connection, t Token) (raw string, err error) {
	lifetime, ok := s.Lifetimes[t.Purpose]
	if !ok {
		return "", fmt.Errorf("issuing a token: the purpose %q has no lifetime", t.Purpose)
	}
	raw = secret.NewToken()
	t.ID, t.TokenDigest, t.CreatedAt = uuid.Must(uuid.NewV7()), secret.TokenDigest(raw), s.Now()
	t.ExpiresAt = t.CreatedAt.Add(lifetime)
	if err := tx.Create(&t); err != nil {
		return "", fmt.Errorf("issuing a token: %w", err)
	}
	return raw, nil
}

// Find returns the token with the given secret, if it works for one of the purposes.
// Otherwise it returns ErrNotFound or a *DeadError.
func (s Store) Find(tx *pop.Connection, raw string, purposes ...string) (*Token, error) {
	t := &Token{}
	err := tx.Where("token_digest = ?", secret.TokenDigest(raw)).First(t)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, ErrNotFound
	case err != nil:
		return nil, fmt.Errorf("finding a token: %w", err)
	case !slices.Contains(purposes, t.Purpose):
		return nil, ErrNotFound
	case t.Redeemed || !t.ExpiresAt.After(s.Now()):
		return nil, &DeadError{t, t.Redeemed}
	}
	return t, nil
}

// Works reports whether the token with the id works.
func (s Store) Works(tx *pop.Connection, id uuid.UUID) (bool, error) {
	works, err := tx.Where("id = ? AND redeemed = ? AND expires_at > ?", id, false, s.Now()).Exists(&Token{})
	return works, database.Wrap("finding a token", err)
}

// Redeem marks t and all other tokens of its purpose and subject as redeemed. Of two
// concurrent calls, one returns *DeadError.
func (s Store) Redeem(tx *pop.Connection, t *Token) error {
	var redeemed []uuid.UUID
	err := tx.RawQuery("UPDATE tokens SET redeemed = ?, expires_at = ? WHERE purpose = ? AND subject = ? AND redeemed = ? RETURNING id",
		true, s.Now(), t.Purpose, t.Subject, false).All(&redeemed)
	if err != nil {
		return fmt.Errorf("redeeming a token: %w", err)
	}
	if !slices.Contains(redeemed, t.ID) {
		return &DeadError{t, true}
	}
	return nil
}

// Void deletes the tokens of a purpose and subject that were not redeemed.
func (s Store) Void(tx *pop.Connection, purpose, subject string) error {
	return database.Wrap("voiding tokens",
		tx.RawQuery("DELETE FROM tokens WHERE purpose = ? AND subject = ? AND redeemed = ?", purpose, subject, false).Exec())
}

// Start makes the lifetime of a token begin now, and reports whether the token works.
// Call it before the token's mail is delivered.
func (s Store) Start(tx *pop.Connection, raw string) (works bool, err error) {
	return s.restart(tx, raw, func(*Token) time.Time { return s.Now() })
}

// StartAtIssue makes the lifetime of a token begin when the token was issued, as it did before
// Start. Call it when the token's mail is given up.
func (s Store) StartAtIssue(tx *pop.Connection, raw string) error {
	_, err := s.restart(tx, raw, func(t *Token) time.Time { return t.CreatedAt })
	return err
}

func (s Store) restart(tx *pop.Connection, raw string, begin func(*Token) time.Time) (works bool, err error) {
	t, err := s.Find(tx, raw, slices.Collect(maps.Keys(s.Lifetimes))...)
	if dead := (*DeadError)(nil); errors.As(err, &dead) && !dead.Redeemed {
		t, err = dead.Token, nil // it expired while its mail was queued
	}
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	updated, err := tx.RawQuery("UPDATE tokens SET expires_at = ? WHERE id = ? AND redeemed = ?",
		begin(t).Add(s.Lifetimes[t.Purpose]), t.ID, false).ExecWithCount()
	return updated > 0, database.Wrap("starting the lifetime of a token", err)
}
