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

// waits are the times between attempts: six in nine hours.
var waits = []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour}

// lease is how long one worker owns a claimed mail. It must exceed smtpTimeout.
const lease = 2 * time.Minute

// maxLastError is the size of the column.
const maxLastError = 255

// Claim takes the mail that is due longest, or returns ErrNotFound. Those of low
// priority come last. No other worker can claim it for two minutes.
func (q *Queue) Claim(ctx context.Context, db *pop.Connection) (*Mail, error) {
	return q.claim(ctx, db, true)
}

func (q *Queue) claim(ctx context.Context, db *pop.Connection, low bool) (*Mail, error) {
	lock := ""
	if db.Dialect.Name() == "postgres" {
		lock = "FOR UPDATE SKIP LOCKED"
	}
	now := q.now()
	var claimed []Mail
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

// Delivered records the delivery of m, or that there was nothing to send, and wipes
// its token.
func (q *Queue) Delivered(ctx context.Context, db *pop.Connection, m *Mail) error {
	err := db.WithContext(ctx).RawQuery("UPDATE mails SET delivered_at = ?, due_at = NULL, sealed_token = NULL, last_error = '' WHERE id = ?",
		q.now(), m.ID).Exec()
	if err != nil {
		return fmt.Errorf("recording a delivered mail: %w", err)
	}
	return nil
}

type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// Permanent marks an error that further attempts would repeat: the mail is given
// up.
func Permanent(err error) error { return permanent{err} }

// Failed records a failed attempt and schedules the next one or gives m up. It does
// nothing if another worker has claimed or delivered m since.
func (q *Queue) Failed(ctx context.Context, db *pop.Connection, m *Mail, cause error) error {
	now := q.now()
	change, args := "given_up_at = ?, due_at = NULL, sealed_token = NULL", []any{now}
	if !isLast(m, cause) {
		change, args = "due_at = ?", []any{now.Add(waits[m.Attempts-1])}
	}
	err := db.WithContext(ctx).RawQuery("UPDATE mails SET last_error = ?, "+change+" WHERE id = ? AND attempts = ? AND delivered_at IS NULL",
		append([]any{printable(cause.Error(), maxLastError)}, append(args, m.ID, m.Attempts)...)...).Exec()
	if err != nil {
		return fmt.Errorf("recording a failed mail: %w", err)
	}
	return nil
}

// isLast reports whether the attempt that failed was the last.
func isLast(m *Mail, cause error) bool {
	return m.Attempts > len(waits) || errors.As(cause, new(permanent))
}

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

// Overdue reports whether m is due for longer than a running worker leaves it.
func (q *Queue) Overdue(m *Mail) bool {
	return m.DueAt.Valid && m.DueAt.Time.Add(lease+time.Minute).Before(q.now())
}
