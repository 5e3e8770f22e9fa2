package ratelimit

import (
	"cmp"
	"strings"
	"time"

	"github.com/gobuffalo/pop/v6"

	"corral/internal/database"
)

// Buckets are the buckets of one attempt. Keep them in the same order for all
// attempts: prevents deadlocks.
type Buckets []Bucket

// Counts maps the IDs of buckets to their counts.
type Counts map[string]Count

// IDs returns the IDs of the buckets.
func (bs Buckets) IDs() (ids []string) {
	for _, b := range bs {
		ids = append(ids, b.ID)
	}
	return ids
}

// Check returns the *Exceeded with the longest wait, or nil.
func (bs Buckets) Check(counts Counts, now time.Time) error {
	var longest *Exceeded
	for _, b := range bs {
		if e := b.Check(counts[b.ID], now); e != nil && (longest == nil || e.RetryAfter > longest.RetryAfter) {
			longest = e
		}
	}
	if longest == nil { // a nil *Exceeded would be a non-nil error
		return nil
	}
	return longest
}

// Take counts an attempt in all buckets. If one of them is full, it counts nothing and
// returns *Exceeded. Call it in a transaction.
func (bs Buckets) Take(tx *pop.Connection, now time.Time) error {
	_, err := bs.take(tx, now, 0)
	return err
}

// TakeOrUndo calls Take, and then fn. If a bucket is full, it calls fn all the same, undoes
// fn's writes and returns true, so that a refused request takes as long.
func (bs Buckets) TakeOrUndo(tx *pop.Connection, now time.Time, fn func(tx *pop.Connection) error) (undone bool, err error) {
	err = bs.Take(tx, now)
	if _, full := err.(*Exceeded); full {
		return true, database.Undone(tx, fn)
	}
	if err == nil {
		err = fn(tx)
	}
	return false, err
}

// Start is Take for an attempt that is in flight until Fail or Refund. It returns the
// counts without this attempt.
func (bs Buckets) Start(tx *pop.Connection, now time.Time) (Counts, error) {
	return bs.take(tx, now, 1)
}

func (bs Buckets) take(tx *pop.Connection, now time.Time, pending int) (Counts, error) {
	var rows []Count
	for _, b := range bs {
		rows = append(rows, Count{ID: b.ID})
	}
	stored, err := upsert(tx, rows, "attempts = rate_limits.attempts")
	if err != nil {
		return nil, err
	}
	before := Counts{}
	for _, c := range stored {
		before[c.ID] = c.at(now)
	}
	if err := bs.Check(before, now); err != nil {
		return nil, err
	}
	for i, b := range bs {
		rows[i] = b.add(before[b.ID], now, pending)
	}
	_, err = upsert(tx, rows, setAll)
	return before, err
}

// Read returns the counts of the buckets with the ids, and of more: "", or "UNION ALL" with a
// SELECT of the columns of Count.
func Read(tx *pop.Connection, ids []string, more string, args ...any) (Counts, error) {
	var found []Count
	err := tx.RawQuery("SELECT id, attempts, pending, last_ms, open_ms, purge_ms FROM rate_limits WHERE id IN (?) "+more,
		append([]any{ids}, args...)...).All(&found)
	counts := Counts{}
	for _, c := range found {
		counts[c.ID] = c
	}
	return counts, database.Wrap("looking up rate limits", err)
}

// Fail ends an attempt that Start began. The attempt stays counted.
func (bs Buckets) Fail(tx *pop.Connection) error {
	return bs.end(tx, func(Bucket) int { return 0 })
}

// Refund ends an attempt that Start began, and takes it off the counts. Where attempts
// count in a row, it also takes off the given number of earlier failures.
func (bs Buckets) Refund(tx *pop.Connection, failures int) error {
	return bs.end(tx, func(b Bucket) int {
		if b.Window > 0 {
			return 1
		}
		return 1 + failures
	})
}

// end ends an attempt and subtracts off(bucket) from each count. If a row was
// purged meanwhile, end inserts one with a purge_ms of 0, which counts nothing.
func (bs Buckets) end(tx *pop.Connection, off func(Bucket) int) error {
	var rows []Count
	for _, b := range bs {
		rows = append(rows, Count{ID: b.ID, Attempts: off(b)})
	}
	// A refund sets open_ms to 0: the attempt was allowed, so no earlier wait remains.
	_, err := upsert(tx, rows, `pending = CASE WHEN rate_limits.pending > 0 THEN rate_limits.pending - 1 ELSE 0 END,
		attempts = CASE WHEN rate_limits.attempts > excluded.attempts THEN rate_limits.attempts - excluded.attempts ELSE 0 END,
		open_ms = CASE WHEN excluded.attempts > 0 THEN 0 ELSE rate_limits.open_ms END,
		purge_ms = CASE WHEN rate_limits.attempts > excluded.attempts THEN rate_limits.purge_ms ELSE 0 END`)
	return err
}

// setAll makes upsert replace the rows.
const setAll = `attempts = excluded.attempts, pending = excluded.pending,
	last_ms = excluded.last_ms, open_ms = excluded.open_ms, purge_ms = excluded.purge_ms`

// upsert inserts the rows or, if they exist, updates them by set, and returns them. It
// locks them in the given order.
func upsert(tx *pop.Connection, rows []Count, set string) (stored []Count, err error) {
	var args []any
	for _, r := range rows {
		args = append(args, r.ID, r.Attempts, r.Pending, r.LastMS, r.OpenMS, r.PurgeMS)
	}
	err = tx.RawQuery(upsertSQL(len(rows), set), args...).All(&stored)
	return stored, database.Wrap("counting an attempt", err)
}

func upsertSQL(rows int, set string) string {
	return "INSERT INTO rate_limits (id, attempts, pending, last_ms, open_ms, purge_ms) VALUES (?, ?, ?, ?, ?, ?)" +
		strings.Repeat(", (?, ?, ?, ?, ?, ?)", rows-1) + " ON CONFLICT (id) DO UPDATE SET " + set +
		" RETURNING id, attempts, pending, last_ms, open_ms, purge_ms"
}

// Peek is Check for the present counts. It counts nothing.
func (bs Buckets) Peek(tx *pop.Connection, now time.Time) error {
	counts, err := Read(tx, bs.IDs(), "")
	if err != nil {
		return err
	}
	return bs.Check(counts, now)
}

// Peek returns the number of attempts that count at now, and what Check returns. It
// counts nothing.
func (b Bucket) Peek(tx *pop.Connection, now time.Time) (attempts int, refused *Exceeded, err error) {
	counts, err := Read(tx, []string{b.ID}, "")
	c := counts[b.ID]
	return c.at(now).Attempts, b.Check(c, now), err
}

// Fill fills the bucket, as Most attempts do.
func (b Bucket) Fill(tx *pop.Connection, now time.Time) error {
	full := Count{ID: b.ID, Attempts: b.Most, LastMS: now.UnixMilli(), PurgeMS: now.Add(cmp.Or(b.Window, purgeAfter)).UnixMilli()}
	_, err := upsert(tx, []Count{full}, setAll)
	return err
}

// Clear removes the bucket's row.
func (b Bucket) Clear(tx *pop.Connection) error {
	return database.Wrap("clearing a rate limit", tx.RawQuery("DELETE FROM rate_limits WHERE id = ?", b.ID).Exec())
}
