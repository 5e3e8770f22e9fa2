package models

import (
	"sync/atomic"
	"time"
)

// Clock tells the time to everything that expires. Tests move it.
var Clock clock

type clock struct {
	ahead atomic.Int64
	still atomic.Int64 // Unix nanoseconds at which it was stopped; 0 while it goes
}

// Now is the time in UTC, to the microsecond: what PostgreSQL keeps.
func (c *clock) Now() time.Time {
	now := time.Now()
	if still := c.still.Load(); still != 0 {
		now = time.Unix(0, still)
	}
	return now.Add(time.Duration(c.ahead.Load())).UTC().Truncate(time.Microsecond)
}

// Move puts the clock forward by d.
func (c *clock) Move(d time.Duration) { c.ahead.Add(int64(d)) }

// Stop lets no time pass but by Move.
func (c *clock) Stop() { c.still.Store(time.Now().UnixNano()) }

// Reset puts the clock right, and lets it go.
func (c *clock) Reset() {
	c.ahead.Store(0)
	c.still.Store(0)
}
