package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/secret"
)

// Purposes of a token, which works for one of them only.
const (
	PurposeSignup = "signup"
	PurposeReset  = "reset"
)

// Lifetimes of tokens.
const (
	SignupLifetime = 24 * time.Hour
	ResetLifetime  = 15 * time.Minute // short: others may read the mailbox later
	InviteLifetime = 24 * time.Hour
)

// Token is a mailed secret that works once. The table holds its SHA-256 only: a
// leaked table redeems nothing.
type Token struct {
	ID          uuid.UUID     `db:"id"`
	Purpose     string        `db:"purpose"`
	Subject     string        `db:"subject"` // only the newest of a purpose and subject works
	TokenDigest []byte        `db:"token_digest" json:"-"`
	Email       string        `db:"email"`   // where it was mailed
	UserID      uuid.NullUUID `db:"user_id"` // of email changes only
	CreatedAt   time.Time     `db:"created_at"`
	ExpiresAt   time.Time     `db:"expires_at"`
}

// issue stores a token with a new secret, replacing one of the same purpose and
// subject in the same statement: prevents enumeration by timing.
func (t Token) issue(tx *pop.Connection, lifetime time.Duration) (rawToken string, err error) {
	rawToken = secret.NewToken()
	now := Clock.Now()
	err = tx.RawQuery(`
		INSERT INTO tokens (id, purpose, subject, token_digest, email, user_id, created_at, expires_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (purpose, subject) DO UPDATE SET token_digest = excluded.token_digest, email = excluded.email,
			user_id = excluded.user_id, created_at = excluded.created_at, expires_at = excluded.expires_at`,
		newID(), t.Purpose, t.Subject, secret.TokenDigest(rawToken), t.Email, t.UserID, now, now.Add(lifetime)).Exec()
	if err != nil {
		return "", fmt.Errorf("issuing a token: %w", err)
	}
	return rawToken, nil
}

// IssueInvite returns a reset token for an operator.
func IssueInvite(ctx context.Context, email string) (rawToken string, err error) {
	err = inTransaction(ctx, func(tx *pop.Connection) error {
		rawToken, err = Token{Purpose: PurposeReset, Subject: email, Email: email}.issue(tx, InviteLifetime)
		return err
	})
	return rawToken, err
}

// findToken returns an unexpired token for the purpose, or ErrNotFound.
func findToken(tx *pop.Connection, rawToken, purpose string) (*Token, error) {
	token := &Token{}
	err := tx.Where("token_digest = ? AND purpose = ? AND expires_at > ?", secret.TokenDigest(rawToken), purpose, Clock.Now()).First(token)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("finding a token: %w", err)
	}
	return token, nil
}

// redeem deletes the token. Of two concurrent calls, one gets ErrNotFound.
func (t *Token) redeem(tx *pop.Connection) error {
	redeemed, err := tx.RawQuery("DELETE FROM tokens WHERE token_digest = ?", t.TokenDigest).ExecWithCount()
	if err != nil {
		return fmt.Errorf("redeeming a token: %w", err)
	}
	if redeemed == 0 {
		return ErrNotFound
	}
	return nil
}
