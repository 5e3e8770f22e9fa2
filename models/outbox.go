package models

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gofrs/uuid"
)

// mailWaits are the pauses between the tries to send a mail: six tries in nine
// hours, then it is kept as failed.
var mailWaits = []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour}

// errNoEnd is why a mail is given up that may take the process with it: what is
// left of a try that was broken off is its count.
var errNoEnd = errors.New("every try was broken off, as by a crash")

// mailLease is how long a worker may take with a mail before another tries it.
const mailLease = 2 * time.Minute

// maxLastError is what the column holds, in bytes.
const maxLastError = 255

// ClaimMail takes the mail that is due the longest, for as long as mailLease,
// or returns ErrNotFound. No two workers get one at once.
func ClaimMail(ctx context.Context) (*Mail, error) {
	lock := ""
	if DB.Dialect.Name() == "postgres" {
		lock = "FOR UPDATE SKIP LOCKED" // SQLite has one writer at a time anyway
	}
	now := Clock.Now()
	var claimed []Mail
	err := DB.WithContext(ctx).RawQuery(`
		UPDATE mails SET due_at = ?, attempts = attempts + 1
		WHERE id = (SELECT id FROM mails WHERE due_at <= ? ORDER BY due_at LIMIT 1 `+lock+`)
		RETURNING *`, now.Add(mailLease), now).All(&claimed)
	if err != nil {
		return nil, fmt.Errorf("claiming a mail: %w", err)
	}
	if len(claimed) == 0 {
		return nil, ErrNotFound
	}
	return &claimed[0], nil
}

// Sent notes that the mail left, or that there was nothing to send, and wipes its token.
func (m *Mail) Sent(ctx context.Context) error {
	err := DB.WithContext(ctx).RawQuery("UPDATE mails SET sent_at = ?, due_at = NULL, sealed_token = NULL, last_error = '' WHERE id = ?",
		Clock.Now(), m.ID).Exec()
	if err != nil {
		return fmt.Errorf("noting a sent mail: %w", err)
	}
	return nil
}

// Failed notes why a try failed and when the next one is, or gives the mail up.
// It changes nothing when the lease was over and another worker has claimed or
// sent the mail since: that one's word counts.
func (m *Mail) Failed(ctx context.Context, cause error) error {
	now := Clock.Now()
	change, args := "failed_at = ?, due_at = NULL, sealed_token = NULL", []any{now}
	if m.Attempts <= len(mailWaits) {
		change, args = "due_at = ?", []any{now.Add(mailWaits[m.Attempts-1])}
	}
	err := DB.WithContext(ctx).RawQuery("UPDATE mails SET last_error = ?, "+change+" WHERE id = ? AND attempts = ? AND sent_at IS NULL",
		append([]any{printable(cause.Error(), maxLastError)}, append(args, m.ID, m.Attempts)...)...).Exec()
	if err != nil {
		return fmt.Errorf("noting a failed mail: %w", err)
	}
	return nil
}

// Resolve decides what a mail is at the moment when it is sent: who asked must
// not learn whether the address has an account. ErrNotFound is: send nothing.
func (m *Mail) Resolve(ctx context.Context) error {
	if m.Attempts > len(mailWaits)+1 { // the last one would have sent it, or given it up
		return errNoEnd
	}
	switch m.Template {
	case MailSignup:
		return m.resolveTaken(ctx, uuid.Nil, MailSignupTaken)
	case MailEmailConfirm:
		asker, err := m.asker(ctx)
		if err != nil {
			return err
		}
		return m.resolveTaken(ctx, asker, MailEmailTaken)
	case MailReset:
		return m.resolveLanguage(ctx)
	}
	return nil
}

// resolveLanguage makes the mail one in the language of the account at its
// address, not in that of whoever asked. It returns ErrNotFound when there is none.
func (m *Mail) resolveLanguage(ctx context.Context) error {
	user, err := FindUserByEmail(ctx, m.Recipient)
	if err == nil && user.Language != "" {
		m.Language = user.Language
	}
	return err
}

// resolveTaken makes the mail another one, without a link, when the address is
// taken by somebody other than asker.
func (m *Mail) resolveTaken(ctx context.Context, asker uuid.UUID, instead string) error {
	taken, err := emailTaken(DB.WithContext(ctx), m.Recipient, asker)
	if err != nil || !taken {
		return err
	}
	m.Template, m.SealedToken = instead, nil
	if err := m.resolveLanguage(ctx); !errors.Is(err, ErrNotFound) { // an address that is kept has no account
		return err
	}
	return nil
}

// asker is the account that wants the address: the one that had it until
// lately may have it back. Once the mail is sent or its link void, it is nobody.
func (m *Mail) asker(ctx context.Context) (uuid.UUID, error) {
	rawToken, err := m.Token()
	if err != nil {
		return uuid.Nil, err
	}
	token, err := findToken(DB.WithContext(ctx), rawToken, PurposeEmailConfirm)
	if errors.Is(err, ErrNotFound) {
		return uuid.Nil, nil
	}
	if err != nil {
		return uuid.Nil, err
	}
	return token.UserID.UUID, nil
}
