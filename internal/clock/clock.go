// Package clock is the time of an app, as a value that tests can move.
//
// The zero Clock goes by the time of the system:
//
//	var c clock.Clock
//	c.Now() // like time.Now, in UTC and to the microsecond
//
// A test stops it and moves it forward instead of sleeping.
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

// Now returns the time in UTC, truncated to the microsecond: PostgreSQL stores
// no more.
func (c *Clock) Now() time.Time {
	now := time.Now()
	if stopped := c.stopped.Load(); stopped != 0 {
		now = time.Unix(0, stopped)
	}
	return now.Add(time.Duration(c.ahead.Load())).UTC().Truncate(time.Microsecond)
}

// Move moves the clock forward by d.
func (c *Clock) Move(d time.Duration) { c.ahead.Add(int64(d)) }

// Stop stops the clock. Only Move changes its time until Reset.
func (c *Clock) Stop() { c.stopped.Store(time.Now().UnixNano()) }

// Reset sets the clock to the time of the system and lets it run.
func (c *Clock) Reset() {
	c.ahead.Store(0)
	c.stopped.Store(0)
}
