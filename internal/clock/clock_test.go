package clock_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/internal/clock"
)

func TestClock_MovesAndResets(t *testing.T) {
	var c clock.Clock
	before := c.Now()
	c.Move(time.Hour)
	require.GreaterOrEqual(t, c.Now().Sub(before), time.Hour)
	c.Reset()
	require.Less(t, c.Now().Sub(before), time.Hour)
	require.Equal(t, time.UTC, c.Now().Location())
}

func TestClock_Stops(t *testing.T) {
	var c clock.Clock
	c.Stop()
	before := c.Now()
	require.Equal(t, before, c.Now())
	c.Move(time.Second)
	require.Equal(t, time.Second, c.Now().Sub(before))
	c.Reset()
	first := c.Now()
	require.Eventually(t, func() bool { return c.Now().After(first) }, time.Minute, time.Microsecond)
}

func TestClock_AtStartsFromAnotherClock(t *testing.T) {
	var c, set clock.Clock
	otherTime := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	require.Equal(t, otherTime, c.At(otherTime))
	c.Move(time.Hour)
	require.Equal(t, otherTime.Add(time.Hour), c.At(otherTime))
	c.Stop()
	require.Equal(t, c.Now(), c.At(otherTime))

	set.Move(time.Hour)
	set.Set(otherTime)
	require.Equal(t, otherTime, set.Now())
	set.Reset()
	require.NotEqual(t, otherTime, set.Now())
}

func TestClock_TruncatesToMicroseconds(t *testing.T) {
	var c clock.Clock
	require.Zero(t, c.Now().Nanosecond()%1000)
}
