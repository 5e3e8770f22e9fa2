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
	PurposeReset = "reset"
)

// Lifetimes of a token.
const (
	ResetLifetime  = 15 * time.Minute // somebody else may read the mailbox tomorrow
	InviteLifetime = 24 * time.Hour   // an operator hands it over, it has no mail to wait for
)

// Token is a one-time right that was sent to an address. The database keeps
// the SHA-256 of the secret only: who reads the table cannot use it.
type Token struct {
	ID          uuid.UUID     `db:"id"`
	UserID      uuid.NullUUID `db:"user_id"`
	Purpose     string        `db:"purpose"`
	TokenDigest []byte        `db:"token_digest"`
	Email       string        `db:"email"` // where it was sent; void once the account's address is another
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

// IssueToken returns a new secret for the account and voids the older ones of
// the same purpose.
func IssueToken(ctx context.Context, user *User, purpose string, lifetime time.Duration) (rawToken string, err error) {
	rawToken = newRawToken()
	now := Clock.Now()
	token := &Token{
		UserID:      uuid.NullUUID{UUID: user.ID, Valid: true},
		Purpose:     purpose,
		TokenDigest: tokenDigest(rawToken),
		Email:       user.Email,
		CreatedAt:   now,
		ExpiresAt:   now.Add(lifetime),
	}
	err = DB.WithContext(ctx).Transaction(func(tx *pop.Connection) error {
		if err := tx.RawQuery("DELETE FROM tokens WHERE user_id = ? AND purpose = ?", user.ID, purpose).Exec(); err != nil {
			return fmt.Errorf("voiding older tokens: %w", err)
		}
		if err := tx.Create(token); err != nil {
			return fmt.Errorf("issuing a token: %w", err)
		}
		return nil
	})
	return rawToken, err
}

// FindTokenUser returns the account that a token was issued for, or
// ErrNotFound when it is unknown, too old, used, or for another purpose. It
// does not spend the token.
func FindTokenUser(ctx context.Context, rawToken, purpose string) (*User, error) {
	user := &User{}
	err := DB.WithContext(ctx).RawQuery(`
		SELECT users.* FROM tokens JOIN users ON users.id = tokens.user_id
		WHERE tokens.token_digest = ? AND tokens.purpose = ? AND tokens.expires_at > ? AND tokens.email = users.email`,
		tokenDigest(rawToken), purpose, Clock.Now()).First(user)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("finding a token: %w", err)
	}
	return user, nil
}

// ResetPassword spends a reset token on a prepared password. Of two that use
// one token at once, one gets ErrNotFound.
func ResetPassword(ctx context.Context, rawToken, prepared string) error {
	user, err := FindTokenUser(ctx, rawToken, PurposeReset)
	if err != nil {
		return err
	}
	digest, err := hashPassword(ctx, prepared) // outside the transaction: it takes long
	if err != nil {
		return err
	}
	return DB.WithContext(ctx).Transaction(func(tx *pop.Connection) error {
		spent, err := tx.RawQuery("DELETE FROM tokens WHERE token_digest = ? AND purpose = ?",
			tokenDigest(rawToken), PurposeReset).ExecWithCount()
		if err != nil {
			return fmt.Errorf("spending a token: %w", err)
		}
		if spent == 0 {
			return ErrNotFound
		}
		return user.storePassword(tx, digest)
	})
}
