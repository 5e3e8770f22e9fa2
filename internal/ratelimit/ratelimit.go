// Package ratelimit counts attempts in the database, so that nodes share the
// counts and restarts keep them.
//
// A [Limit] allows a number of attempts within a time window, or a number of attempts
// in a row with growing waits between them:
//
//	var perClient = ratelimit.Limit{Name: "login client", Most: 10, Window: 3 * time.Minute}
//	var perEmail = ratelimit.Limit{Name: "login email", Most: 100, Free: 5}
//
// An attempt has [Buckets], one for each subject, such as an email or a client. Take
// locks them and counts the attempt, in a transaction, so that simultaneous attempts
// cannot exceed the limit:
//
//	buckets := append(perClient.OfClient(digest, ip), perEmail.Bucket(digest, email))
//	err := buckets.Take(tx, time.Now())
//	if exceeded, ok := errors.AsType[*ratelimit.Exceeded](err); ok {
//		// answer 429 with exceeded.RetryAfter
//	}
//
// Where only failures count, call Start instead of Take. The attempt is then in
// flight until Fail keeps it counted or Refund takes it off the count. A [Line] makes
// attempts wait while attempts in flight fill a bucket:
//
//	var line ratelimit.Line
//	err := line.Start(ctx, func() error { … buckets.Start(tx, time.Now()) … })
//	defer line.Wake(buckets)
//	// judge the attempt; then buckets.Fail(tx) or buckets.Refund(tx, failures)
//
// [Line.Attempt] does all this around a function that judges the attempt.
//
// The package needs this table in PostgreSQL or SQLite, with an index on purge_ms.
// Times are Unix milliseconds:
//
//	CREATE TABLE rate_limits (
//		id       VARCHAR(43) NOT NULL PRIMARY KEY,
//		attempts INTEGER NOT NULL,
//		pending  INTEGER NOT NULL, -- attempts that are in flight
//		last_ms  BIGINT NOT NULL,  -- the last attempt
//		open_ms  BIGINT NOT NULL,  -- attempts before this time are refused
//		purge_ms BIGINT NOT NULL   -- from this time on the row counts nothing: delete it
//	)
package ratelimit

import (
	"fmt"
	"net/netip"
	"time"
)

const (
	firstWait = time.Second
	maxWait   = 900 * time.Second
	doublings = 10 // of firstWait, which then exceeds maxWait
	// purgeAfter bounds the number of rows, many of which are for emails without an
	// account.
	purgeAfter = 90 * 24 * time.Hour
	// maxFlight is how long after the last Start attempts count as in flight. After
	// that they count as failed: their process may have died.
	maxFlight = 30 * time.Second
)

// A Limit is a number of attempts.
type Limit struct {
	// Name separates the counts of this limit from the counts of others.
	Name string

	// Most is the number of attempts within Window or, if Window is 0, in a row.
	Most int

	// Window is how long attempts count, from the first on. If 0, they count until
	// Refund or Clear, or until 90 days after the last.
	Window time.Duration

	// Free is the number of attempts without a wait. Each further attempt
	// doubles the next wait, from a second to 900. 0 means no waits.
	Free int
}

// Exceeded is the error of a refused attempt.
type Exceeded struct {
	RetryAfter time.Duration // at least a second
	Locked     bool          // Most attempts in a row: only Clear helps
	Limit      string        // its name
	inFlight   string        // the ID of the bucket, if attempts in flight fill it
}

func (e *Exceeded) Error() string {
	return fmt.Sprintf("rate limit exceeded: retry after %s", e.RetryAfter)
}

// Bucket is the row that counts the attempts of a subject.
type Bucket struct {
	Limit
	ID string
}

// Bucket returns a subject's bucket. A keyed digest hides the subjects from
// readers of the table.
func (l Limit) Bucket(digest func(text string) string, subject string) Bucket {
	return Bucket{l, digest(l.Name + "\x00" + subject)}
}

// OfClient returns the buckets of a client's IP. An IPv4 has one bucket. An IPv6 has one for
// its /64, which belongs to one customer, and one for its /48, which allows ten times
// as many attempts: prevents floods from a customer with many /64s.
func (l Limit) OfClient(digest func(text string) string, client netip.Addr) Buckets {
	client = client.Unmap()
	if !client.Is6() {
		return Buckets{l.Bucket(digest, client.String())}
	}
	customer, _ := client.Prefix(64) // never fails for IPv6
	network, _ := client.Prefix(48)
	wide := l
	wide.Most *= 10
	return Buckets{l.Bucket(digest, customer.String()), wide.Bucket(digest, network.String())}
}
