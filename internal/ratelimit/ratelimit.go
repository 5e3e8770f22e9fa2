// Package ratelimit counts attempts in the database, so that all nodes of an app
// share the counts and a restart keeps them.
//
// A [Limit] allows a number of attempts within a window of time, or in a row
// with growing waits:
//
//	var perClient = ratelimit.Limit{Name: "login client", Most: 10, Window: 3 * time.Minute}
//	var perEmail = ratelimit.Limit{Name: "login email", Most: 100, Free: 5}
//
// What is limited, an email or a client, is the subject. Take counts an attempt
// of a subject before it is made, in one statement that also decides: of fifty
// attempts at once, none escapes the limit.
//
//	id := perEmail.ID(digest, email)
//	err := perEmail.Take(tx, id, time.Now())
//	if exceeded, ok := errors.AsType[*ratelimit.Exceeded](err); ok {
//		// answer 429 with exceeded.RetryAfter
//	}
//
// Refund undoes a successful attempt. Peek and Check tell beforehand, without
// counting, whether Take would refuse.
//
// The package needs this table in PostgreSQL or SQLite. The times are Unix
// milliseconds. A row may be deleted from forget_ms on, which wants an index:
//
//	CREATE TABLE rate_limits (
//		id        VARCHAR(43) NOT NULL PRIMARY KEY,
//		attempts  INTEGER NOT NULL,
//		since_ms  BIGINT NOT NULL, -- the first attempt that counts
//		open_ms   BIGINT NOT NULL, -- no attempt before
//		forget_ms BIGINT NOT NULL
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
	doublings = 10 // from firstWait to beyond maxWait
	// forgetAfter bounds what attempts in a row leave in the table, many of them
	// of subjects that do not exist.
	forgetAfter = 90 * 24 * time.Hour
)

// A Limit is the number of attempts that a subject has.
type Limit struct {
	// Name tells the counts of this limit from those of others.
	Name string

	// Most is the number of attempts within Window, or in a row.
	Most int

	// Window is how long attempts count, from the first one on. If it is 0, they
	// count until Refund or Clear, and for at least 90 days.
	Window time.Duration

	// Free is the number of attempts without a wait. Each further one doubles the
	// wait for the next, from a second up to 900 seconds. 0 means no waits.
	Free int
}

// Exceeded is the error of an attempt that a limit refuses.
type Exceeded struct {
	RetryAfter time.Duration // at least a second
	Locked     bool          // Most attempts in a row: waiting does not help, only Clear does
}

func (e *Exceeded) Error() string {
	return fmt.Sprintf("rate limit exceeded: retry after %s", e.RetryAfter)
}

// ID returns the id of the row that counts the attempts of subject. digest should
// be keyed: then the table does not reveal the subjects.
func (l Limit) ID(digest func(text string) string, subject string) string {
	return digest(l.Name + "\x00" + subject)
}

// Subject returns the subject that stands for a client: its IPv4 address, or the
// /64 network of its IPv6 address, all of which one customer has.
func Subject(client netip.Addr) string {
	client = client.Unmap()
	if client.Is6() {
		prefix, _ := client.Prefix(64) // an IPv6 address has more bits
		return prefix.String()
	}
	return client.String()
}

// Take counts an attempt. It returns *Exceeded, and counts nothing, if the limit
// refuses it.
func (l Limit) Take(tx *pop.Connection, id string, now time.Time) error {
	var open int64
	if l.Free == 1 {
		open = now.Add(firstWait).UnixMilli()
	}
	var taken []int
	err := tx.RawQuery(l.takeSQL(), id, now.UnixMilli(), open, l.forget(now).UnixMilli()).All(&taken)
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
	return &Exceeded{RetryAfter: time.Second} // refunded or cleared meanwhile, but this attempt was not counted
}

func (l Limit) forget(now time.Time) time.Time {
	if l.Window > 0 {
		return now.Add(l.Window)
	}
	return now.Add(forgetAfter)
}

// takeSQL returns the statement that counts an attempt. It returns no row if the
// limit refuses.
func (l Limit) takeSQL() string {
	over := "FALSE" // whether the window is over
	if l.Window > 0 {
		over = fmt.Sprintf("rate_limits.since_ms <= excluded.since_ms - %d", l.Window.Milliseconds())
	}
	open := "0" // not "now": it would refuse a node whose clock is a little behind
	if l.Free > 0 {
		open = fmt.Sprintf(`CASE WHEN rate_limits.attempts + 1 < %[1]d THEN 0
				WHEN rate_limits.attempts + 1 >= %[1]d + %[2]d THEN excluded.since_ms + %[3]d
				ELSE excluded.since_ms + %[4]d * (1 << (rate_limits.attempts + 1 - %[1]d)) END`,
			l.Free, doublings, maxWait.Milliseconds(), firstWait.Milliseconds())
	}
	return fmt.Sprintf(`
		INSERT INTO rate_limits (id, attempts, since_ms, open_ms, forget_ms) VALUES (?, 1, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET
			attempts = CASE WHEN %[1]s THEN 1 ELSE rate_limits.attempts + 1 END,
			since_ms = CASE WHEN %[1]s THEN excluded.since_ms ELSE rate_limits.since_ms END,
			open_ms = CASE WHEN %[1]s THEN excluded.open_ms ELSE %[2]s END,
			forget_ms = excluded.forget_ms
		WHERE %[1]s OR (rate_limits.attempts < %[3]d AND rate_limits.open_ms <= excluded.since_ms)
		RETURNING attempts`, over, open, l.Most)
}

// Refund undoes the count of an attempt that succeeded. Within a window, that is
// one attempt; in a row, all of them, since the row of failures has ended.
func (l Limit) Refund(tx *pop.Connection, id string) error {
	return Refund(tx, Bucket{l, id})
}

// Bucket is the row that counts the attempts of one subject.
type Bucket struct {
	Limit
	Row string // its id
}

// Bucket returns the bucket of a subject; see ID.
func (l Limit) Bucket(digest func(text string) string, subject string) Bucket {
	return Bucket{l, l.ID(digest, subject)}
}

// Refund is Limit.Refund for all buckets that one attempt was counted in, in one
// statement.
func Refund(tx *pop.Connection, buckets ...Bucket) error {
	var rows, windows []any
	for _, b := range buckets {
		rows = append(rows, b.Row)
		if b.Window > 0 {
			windows = append(windows, b.Row)
		}
	}
	// forget_ms = 0: a row of failures that has ended may be deleted.
	window := "id IN (" + marks(windows) + ")"
	err := tx.RawQuery("UPDATE rate_limits SET attempts = CASE WHEN "+window+" THEN attempts - 1 ELSE 0 END, open_ms = 0, "+
		"forget_ms = CASE WHEN "+window+" THEN forget_ms ELSE 0 END WHERE attempts > 0 AND id IN ("+marks(rows)+")",
		slices.Concat(windows, windows, rows)...).Exec()
	if err != nil {
		return fmt.Errorf("refunding an attempt: %w", err)
	}
	return nil
}

func marks(args []any) string {
	if len(args) == 0 {
		return "NULL" // of an empty list: it is true for no row
	}
	return strings.Repeat("?, ", len(args)-1) + "?"
}

// Clear forgets all attempts.
func (l Limit) Clear(tx *pop.Connection, id string) error {
	if err := tx.RawQuery("DELETE FROM rate_limits WHERE id = ?", id).Exec(); err != nil {
		return fmt.Errorf("clearing a rate limit: %w", err)
	}
	return nil
}
