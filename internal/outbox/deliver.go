package outbox

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/gobuffalo/pop/v6"

	"corral/internal/database"
)

// waits are the times between attempts. A mail has six attempts in nine hours.
var waits = []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour}

// lease is how long a claimed mail belongs to one worker. It must exceed
// smtpTimeout + recordMargin: the rest is the time for Compose.
const lease = 2 * time.Minute

// maxLastError is the size of the column last_error.
const maxLastError = 255

// Claim claims the mail that was due first, or returns ErrNotFound. Mails of low
// priority come after all others, and only if low is true. Until the lease ends, no other
// worker can claim the mail.
func (q *Queue) Claim(ctx context.Context, db *pop.Connection, low bool) (*Mail, error) {
	lock := ""
	if db.Dialect.Name() == "postgres" {
		lock = "FOR UPDATE SKIP LOCKED"
	}
	now := q.now()
	var claimed []Mail
	// Each subquery reads one entry of the index, however many mails are due.
	err := db.WithContext(ctx).RawQuery(`
		UPDATE mails SET due_at = ?, attempts = attempts + 1
		WHERE id = COALESCE(
			(SELECT id FROM mails WHERE low_priority = ? AND due_at <= ? ORDER BY due_at LIMIT 1 `+lock+`),
			(SELECT id FROM mails WHERE low_priority = ? AND due_at <= ? ORDER BY due_at LIMIT 1 `+lock+`))
		RETURNING `+database.List(&Mail{}), now.Add(lease), false, now, low, now).All(&claimed)
	if err != nil {
		return nil, fmt.Errorf("claiming a mail: %w", err)
	}
	if len(claimed) == 0 {
		return nil, ErrNotFound
	}
	return &claimed[0], nil
}

// RecordDelivered records that m was delivered or dropped, and removes its token.
func (q *Queue) RecordDelivered(ctx context.Context, db *pop.Connection, m *Mail) error {
	err := db.WithContext(ctx).RawQuery("UPDATE mails SET delivered_at = ?, due_at = NULL, sealed_token = NULL, last_error = '' WHERE id = ?",
		q.now(), m.ID).Exec()
	return database.Wrap("recording a delivered mail", err)
}

type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// Permanent marks an error that every further attempt would return. The worker then
// gives the mail up.
func Permanent(err error) error { return permanent{err} }

// RecordFailed records a failed attempt, and schedules the next attempt or gives m up. It
// does nothing if another worker has claimed or delivered m meanwhile.
func (q *Queue) RecordFailed(ctx context.Context, db *pop.Connection, m *Mail, cause error) error {
	now := q.now()
	change, args := "given_up_at = ?, due_at = NULL, sealed_token = NULL", []any{now}
	if !givesUp(m, cause) {
		change, args = "due_at = ?", []any{now.Add(waits[m.Attempts-1])}
	}
	err := db.WithContext(ctx).RawQuery("UPDATE mails SET last_error = ?, "+change+" WHERE id = ? AND attempts = ? AND delivered_at IS NULL",
		append([]any{printable(cause.Error(), maxLastError)}, append(args, m.ID, m.Attempts)...)...).Exec()
	return database.Wrap("recording a failed mail", err)
}

// givesUp reports whether m has no attempt left after an attempt that failed with cause.
func givesUp(m *Mail, cause error) bool {
	return m.Attempts > len(waits) || errors.As(cause, new(permanent))
}

// printable returns the printable characters of s, at most n bytes.
func printable(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && r != unicode.ReplacementChar {
			return r
		}
		return -1
	}, s)
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n], "")
	}
	return s
}

// Overdue reports whether m was due more than three minutes ago: probably no worker is running.
func (q *Queue) Overdue(m *Mail) bool {
	return m.DueAt.Valid && m.DueAt.Time.Add(lease+time.Minute).Before(q.now())
}
