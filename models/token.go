package models

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
)

// Purposes of a mailed token. A token is good for one of them only.
const (
	PurposeSignup = "signup"
	PurposeReset  = "reset"
)

// Lifetimes of a token.
const (
	SignupLifetime = 24 * time.Hour   // opens nothing that exists yet
	ResetLifetime  = 15 * time.Minute // somebody else may read the mailbox tomorrow
	InviteLifetime = 24 * time.Hour   // an operator hands it over, it has no mail to wait for
)

// Token is a one-time right that was sent to an address. The database keeps
// the SHA-256 of the secret only: who reads the table cannot use it.
type Token struct {
	ID          uuid.UUID     `db:"id"`
	Purpose     string        `db:"purpose"`
	Subject     string        `db:"subject"` // of one purpose and subject, only the newest is good
	TokenDigest []byte        `db:"token_digest"`
	Email       string        `db:"email"`   // where it was sent; void once the account's address is another
	UserID      uuid.NullUUID `db:"user_id"` // whose it is, where the address does not say
	CreatedAt   time.Time     `db:"created_at"`
	ExpiresAt   time.Time     `db:"expires_at"`
}

// newRawToken returns 32 bytes from crypto/rand in URL-safe base64.
func newRawToken() string {
	b := make([]byte, 32)
	rand.Read(b) // never fails, crypto/rand says
	return base64.RawURLEncoding.EncodeToString(b)
}

func tokenDigest(rawToken string) []byte {
	sum := sha256.Sum256([]byte(rawToken))
	return sum[:]
}

// issue stores a token for a new secret, in place of an older one of the same
// purpose and subject. It does the same work whether or not the address has an
// account, for nobody must learn that from how long it takes.
func (t Token) issue(tx *pop.Connection, lifetime time.Duration) (rawToken string, err error) {
	rawToken = newRawToken()
	now := Clock.Now()
	err = tx.RawQuery(`
		INSERT INTO tokens (id, purpose, subject, token_digest, email, user_id, created_at, expires_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (purpose, subject) DO UPDATE SET token_digest = excluded.token_digest, email = excluded.email,
			user_id = excluded.user_id, created_at = excluded.created_at, expires_at = excluded.expires_at`,
		newID(), t.Purpose, t.Subject, tokenDigest(rawToken), t.Email, t.UserID, now, now.Add(lifetime)).Exec()
	if err != nil {
		return "", fmt.Errorf("issuing a token: %w", err)
	}
	return rawToken, nil
}

// IssueInvite returns a token by which the account at a normalised address
// sets its password. An operator hands it over.
func IssueInvite(ctx context.Context, email string) (rawToken string, err error) {
	err = inTransaction(ctx, func(tx *pop.Connection) error {
		rawToken, err = Token{Purpose: PurposeReset, Subject: email, Email: email}.issue(tx, InviteLifetime)
		return err
	})
	return rawToken, err
}

// findToken returns the token of a secret, or ErrNotFound when it is unknown,
// too old, used, or for another purpose.
func findToken(tx *pop.Connection, rawToken, purpose string) (*Token, error) {
	token := &Token{}
	err := tx.Where("token_digest = ? AND purpose = ? AND expires_at > ?", tokenDigest(rawToken), purpose, Clock.Now()).First(token)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("finding a token: %w", err)
	}
	return token, nil
}

// spend uses the token up. Of two who spend one at once, one gets ErrNotFound.
func (t *Token) spend(tx *pop.Connection) error {
	spent, err := tx.RawQuery("DELETE FROM tokens WHERE token_digest = ?", t.TokenDigest).ExecWithCount()
	if err != nil {
		return fmt.Errorf("spending a token: %w", err)
	}
	if spent == 0 {
		return ErrNotFound
	}
	return nil
}
