package ratelimit

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/gobuffalo/pop/v6"
)

// A Count is the state of a bucket.
type Count struct {
	ID       string `db:"id"`
	Attempts int    `db:"attempts"`
	SinceMS  int64  `db:"since_ms"` // first attempt that counts
	OpenMS   int64  `db:"open_ms"`  // end of the wait
}

// Peek returns the count of the bucket with the id.
func (l Limit) Peek(tx *pop.Connection, id string) (Count, error) {
	var count Count
	err := tx.RawQuery("SELECT id, attempts, since_ms, open_ms FROM rate_limits WHERE id = ?", id).First(&count)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Count{}, fmt.Errorf("looking up a rate limit: %w", err)
	}
	return count, nil
}

// Check returns nil if the limit allows another attempt at now.
func (l Limit) Check(count Count, now time.Time) *Exceeded {
	until, most := count.OpenMS, maxWait
	switch full, end := count.Attempts >= l.Most, count.SinceMS+l.Window.Milliseconds(); {
	case full && l.Window == 0:
		return &Exceeded{RetryAfter: maxWait, Locked: true}
	case l.Window > 0 && end <= now.UnixMilli():
		return nil
	case full:
		until, most = end, l.Window
	}
	if until <= now.UnixMilli() {
		return nil
	}
	wait := time.Duration(until-now.UnixMilli()) * time.Millisecond
	return &Exceeded{RetryAfter: min(max(wait, time.Second), most)} // even if the clock was set back
}
