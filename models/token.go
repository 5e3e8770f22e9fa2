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

// Purposes of a mailed token. A token is good for one of them only.
const (
	PurposeSignup = "signup"
	PurposeReset  = "reset"
)

// Lifetimes of tokens.
const (
	SignupLifetime = 24 * time.Hour   // opens nothing that exists yet
	ResetLifetime  = 15 * time.Minute // the mailbox may be read by others later
	InviteLifetime = 24 * time.Hour   // handed over by an operator, without a mail
)

// Token is a one-time right that was mailed. The table holds the SHA-256 of the
// secret only: a leaked table redeems nothing.
type Token struct {
	ID          uuid.UUID     `db:"id"`
	Purpose     string        `db:"purpose"`
	Subject     string        `db:"subject"` // of one purpose and subject, only the newest is good
	TokenDigest []byte        `db:"token_digest" json:"-"`
	Email       string        `db:"email"`   // where it was sent; void once the account has another email
	UserID      uuid.NullUUID `db:"user_id"` // the account, where the email does not say
	CreatedAt   time.Time     `db:"created_at"`
	ExpiresAt   time.Time     `db:"expires_at"`
}

// issue stores a token with a new secret, in place of an older one of the same
// purpose and subject. It does the same work whether or not the email has an
// account: prevents account enumeration by timing.
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

// IssueInvite returns a token that sets the password of the account at a
// normalized email. An operator hands it over.
func IssueInvite(ctx context.Context, email string) (rawToken string, err error) {
	err = inTransaction(ctx, func(tx *pop.Connection) error {
		rawToken, err = Token{Purpose: PurposeReset, Subject: email, Email: email}.issue(tx, InviteLifetime)
		return err
	})
	return rawToken, err
}

// findToken returns the token of a secret, or ErrNotFound when it is unknown,
// expired, redeemed, or for another purpose.
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

// redeem uses the token up. Of two concurrent calls, one gets ErrNotFound.
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
