// Package ratelimit counts attempts in the database, so that nodes share the
// counts and restarts keep them.
//
// A [Limit] allows a number of attempts within a window, or in a row with growing
// waits:
//
//	var perClient = ratelimit.Limit{Name: "login client", Most: 10, Window: 3 * time.Minute}
//	var perEmail = ratelimit.Limit{Name: "login email", Most: 100, Free: 5}
//
// The subject of a limit is an email or a client. Take counts and decides in one
// statement, before the attempt, so that simultaneous attempts cannot pass:
//
//	id := perEmail.ID(digest, email)
//	err := perEmail.Take(tx, id, time.Now())
//	if exceeded, ok := errors.AsType[*ratelimit.Exceeded](err); ok {
//		// answer 429 with exceeded.RetryAfter
//	}
//
// Refund undoes a successful attempt. Peek and Check decide without counting.
//
// The package needs this table in PostgreSQL or SQLite, with times in Unix
// milliseconds and an index on purge_ms, after which rows may be deleted:
//
//	CREATE TABLE rate_limits (
//		id       VARCHAR(43) NOT NULL PRIMARY KEY,
//		attempts INTEGER NOT NULL,
//		since_ms BIGINT NOT NULL, -- the first attempt that counts
//		open_ms  BIGINT NOT NULL, -- no attempt before
//		purge_ms BIGINT NOT NULL
//	)
package ratelimit

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/gobuffalo/pop/v6"
)

const (
	firstWait = time.Second
	maxWait   = 900 * time.Second
	doublings = 10 // of firstWait, which then exceeds maxWait
	// purgeAfter bounds the number of rows, many of which are for emails without
	// account.
	purgeAfter = 90 * 24 * time.Hour
)

// A Limit is a number of attempts.
type Limit struct {
	// Name separates the limit's counts from others.
	Name string

	// Most is the number of attempts within Window, or in a row.
	Most int

	// Window is how long attempts count, from the first on. If 0, they count
	// until Refund or Clear, and for at least 90 days.
	Window time.Duration

	// Free is the number of attempts without a wait. Each further one doubles
	// the next wait, from a second to 900. 0 means no waits.
	Free int
}

// Exceeded is the error of a refused attempt.
type Exceeded struct {
	RetryAfter time.Duration // at least a second
	Locked     bool          // Most attempts in a row: only Clear helps
}

func (e *Exceeded) Error() string {
	return fmt.Sprintf("rate limit exceeded: retry after %s", e.RetryAfter)
}

// ID returns the id of a subject's bucket. A keyed digest hides the subjects from
// readers of the table.
func (l Limit) ID(digest func(text string) string, subject string) string {
	return digest(l.Name + "\x00" + subject)
}

// Subject returns the subject of a client: its IPv4, or its IPv6 /64 network, which
// belongs to one customer.
func Subject(client netip.Addr) string {
	client = client.Unmap()
	if client.Is6() {
		prefix, _ := client.Prefix(64) // never fails for IPv6
		return prefix.String()
	}
	return client.String()
}

// Take counts an attempt, or counts nothing and returns *Exceeded.
func (l Limit) Take(tx *pop.Connection, id string, now time.Time) error {
	var open int64
	if l.Free == 1 {
		open = now.Add(firstWait).UnixMilli()
	}
	var taken []int
	err := tx.RawQuery(l.takeSQL(), id, now.UnixMilli(), open, l.purgeAt(now).UnixMilli()).All(&taken)
	if err != nil {
		return fmt.Errorf("counting an attempt: %w", err)
	}
	if len(taken) > 0 {
		return nil
	}
	count, err := l.Peek(tx, id)
	if err != nil {
		return err
	}
	if exceeded := l.Check(count, now); exceeded != nil {
		return exceeded
	}
	return &Exceeded{RetryAfter: time.Second} // refunded or cleared meanwhile, but not counted
}

func (l Limit) purgeAt(now time.Time) time.Time {
	if l.Window > 0 {
		return now.Add(l.Window)
	}
	return now.Add(purgeAfter)
}

// takeSQL returns the statement that counts an attempt, or returns no row if the
// limit refuses it.
func (l Limit) takeSQL() string {
	over := "FALSE" // the window has ended
	if l.Window > 0 {
		over = fmt.Sprintf("rate_limits.since_ms <= excluded.since_ms - %d", l.Window.Milliseconds())
	}
	open := "0" // "now" would refuse a node whose clock is behind
	if l.Free > 0 {
		open = fmt.Sprintf(`CASE WHEN rate_limits.attempts + 1 < %[1]d THEN 0
				WHEN rate_limits.attempts + 1 >= %[1]d + %[2]d THEN excluded.since_ms + %[3]d
				ELSE excluded.since_ms + %[4]d * (1 << (rate_limits.attempts + 1 - %[1]d)) END`,
			l.Free, doublings, maxWait.Milliseconds(), firstWait.Milliseconds())
	}
	return fmt.Sprintf(`
		INSERT INTO rate_limits (id, attempts, since_ms, open_ms, purge_ms) VALUES (?, 1, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET
			attempts = CASE WHEN %[1]s THEN 1 ELSE rate_limits.attempts + 1 END,
			since_ms = CASE WHEN %[1]s THEN excluded.since_ms ELSE rate_limits.since_ms END,
			open_ms = CASE WHEN %[1]s THEN excluded.open_ms ELSE %[2]s END,
			purge_ms = excluded.purge_ms
		WHERE %[1]s OR (rate_limits.attempts < %[3]d AND rate_limits.open_ms <= excluded.since_ms)
		RETURNING attempts`, over, open, l.Most)
}

// Refund undoes the count of a successful attempt: one attempt within a window, all
// of them in a row.
func (l Limit) Refund(tx *pop.Connection, id string) error {
	return Refund(tx, Bucket{l, id})
}

// Bucket is the row that counts the attempts of a subject.
type Bucket struct {
	Limit
	Row string // id
}

// Bucket returns a subject's bucket; see ID.
func (l Limit) Bucket(digest func(text string) string, subject string) Bucket {
	return Bucket{l, l.ID(digest, subject)}
}

// Refund is Limit.Refund for several buckets in one statement.
func Refund(tx *pop.Connection, buckets ...Bucket) error {
	var rows, windows []any
	for _, b := range buckets {
		rows = append(rows, b.Row)
		if b.Window > 0 {
			windows = append(windows, b.Row)
		}
	}
	// purge_ms = 0: a row of failures that has ended may be deleted.
	window := "id IN (" + marks(windows) + ")"
	err := tx.RawQuery("UPDATE rate_limits SET attempts = CASE WHEN "+window+" THEN attempts - 1 ELSE 0 END, open_ms = 0, "+
		"purge_ms = CASE WHEN "+window+" THEN purge_ms ELSE 0 END WHERE attempts > 0 AND id IN ("+marks(rows)+")",
		slices.Concat(windows, windows, rows)...).Exec()
	if err != nil {
		return fmt.Errorf("refunding an attempt: %w", err)
	}
	return nil
}

func marks(args []any) string {
	if len(args) == 0 {
		return "NULL" // matches no row
	}
	return strings.Repeat("?, ", len(args)-1) + "?"
}

// Clear removes the bucket with the id.
func (l Limit) Clear(tx *pop.Connection, id string) error {
	if err := tx.RawQuery("DELETE FROM rate_limits WHERE id = ?", id).Exec(); err != nil {
		return fmt.Errorf("clearing a rate limit: %w", err)
	}
	return nil
}
