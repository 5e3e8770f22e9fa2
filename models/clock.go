package models

import (
	"sync/atomic"
	"time"
)

// Clock tells the time to everything that expires. Tests move it.
var Clock clock

type clock struct{ ahead atomic.Int64 }

// Now is the time in UTC, to the microsecond: what PostgreSQL keeps.
func (c *clock) Now() time.Time {
	return time.Now().Add(time.Duration(c.ahead.Load())).UTC().Truncate(time.Microsecond)
}

// Move puts the clock forward by d.
func (c *clock) Move(d time.Duration) { c.ahead.Add(int64(d)) }

// Reset puts the clock right.
func (c *clock) Reset() { c.ahead.Store(0) }
