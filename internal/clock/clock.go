// Package clock provides the time as a value that tests can stop and move.
//
//	var c clock.Clock // runs at system time
//	c.Now()           // like time.Now, in UTC and to the microsecond
//	c.Move(time.Hour) // instead of sleeping
package clock

import (
	"sync/atomic"
	"time"
)

// A Clock tells the time. It is safe for concurrent use and must not be copied.
type Clock struct {
	ahead   atomic.Int64 // nanoseconds
	stopped atomic.Int64 // Unix nanoseconds; 0 while the clock runs
}

// Now returns the time in UTC, truncated to PostgreSQL's precision, a microsecond.
func (c *Clock) Now() time.Time { return c.At(time.Now()) }

// At is like Now, but starts from t, the time read from another clock such as the
// database's. While c is stopped, t is ignored.
func (c *Clock) At(t time.Time) time.Time {
	if stopped := c.stopped.Load(); stopped != 0 {
		t = time.Unix(0, stopped)
	}
	return t.Add(time.Duration(c.ahead.Load())).UTC().Truncate(time.Microsecond)
}

// Move moves the clock forward by d.
func (c *Clock) Move(d time.Duration) { c.ahead.Add(int64(d)) }

// Stop stops the clock until Reset; Move still works.
func (c *Clock) Stop() { c.stopped.Store(time.Now().UnixNano()) }

// Set stops the clock at t.
func (c *Clock) Set(t time.Time) {
	c.ahead.Store(0)
	c.stopped.Store(t.UnixNano())
}

// Reset returns to system time.
func (c *Clock) Reset() {
	c.ahead.Store(0)
	c.stopped.Store(0)
}
