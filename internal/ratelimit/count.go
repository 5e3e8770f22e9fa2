package ratelimit

import (
	"cmp"
	"time"
)

// A Count is the state of a bucket.
type Count struct {
	ID       string `db:"id"`
	Attempts int    `db:"attempts"`
	Pending  int    `db:"pending"`
	LastMS   int64  `db:"last_ms"`
	OpenMS   int64  `db:"open_ms"`
	PurgeMS  int64  `db:"purge_ms"`
}

// Failures returns the number of attempts that are not in flight.
func (c Count) Failures() int { return c.Attempts - c.Pending }

// at returns the count at now: without expired attempts. Attempts in flight that have taken
// too long count as failed.
func (c Count) at(now time.Time) Count {
	ms := now.UnixMilli()
	if c.PurgeMS <= ms {
		return Count{ID: c.ID}
	}
	if c.LastMS+maxFlight.Milliseconds() <= ms {
		c.Pending = 0
	}
	return c
}

// Check returns nil if the limit allows another attempt at now.
func (l Limit) Check(c Count, now time.Time) (refused *Exceeded) {
	c = c.at(now)
	switch {
	case c.Attempts >= l.Most && l.Window == 0:
		refused = &Exceeded{RetryAfter: maxWait, Locked: true}
	case c.Attempts >= l.Most:
		refused = &Exceeded{RetryAfter: wait(c.PurgeMS, now, l.Window)}
	case c.OpenMS > now.UnixMilli():
		refused = &Exceeded{RetryAfter: wait(c.OpenMS, now, maxWait)}
	}
	if refused != nil && c.Pending > 0 {
		refused = &Exceeded{RetryAfter: time.Second, inFlight: c.ID}
	}
	if refused != nil {
		refused.Limit = l.Name
	}
	return refused
}

// wait returns the time until untilMS: at least a second, and at most longest, even if
// the clock was set back.
func wait(untilMS int64, now time.Time, longest time.Duration) time.Duration {
	return min(max(time.Duration(untilMS-now.UnixMilli())*time.Millisecond, time.Second), longest)
}

// add counts an attempt that Check allows.
func (l Limit) add(c Count, now time.Time, pending int) Count {
	c = c.at(now)
	c.Attempts++
	c.Pending += pending
	c.LastMS = now.UnixMilli()
	c.OpenMS = 0 // 0, not now: a node whose clock is behind would refuse attempts
	if l.Free > 0 && c.Attempts >= l.Free {
		c.OpenMS = now.Add(min(firstWait<<min(c.Attempts-l.Free, doublings), maxWait)).UnixMilli()
	}
	if l.Window == 0 || c.PurgeMS == 0 {
		c.PurgeMS = now.Add(cmp.Or(l.Window, purgeAfter)).UnixMilli()
	}
	return c
}
