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
	require.Eventually(t, func() bool { return c.Now().After(first) }, time.Second, time.Microsecond)
}

func TestClock_AtStartsFromAnotherClock(t *testing.T) {
	var c, set clock.Clock
	theirs := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	require.Equal(t, theirs, c.At(theirs))
	c.Move(time.Hour)
	require.Equal(t, theirs.Add(time.Hour), c.At(theirs))
	c.Stop()
	require.Equal(t, c.Now(), c.At(theirs))

	set.Move(time.Hour)
	set.Set(theirs)
	require.Equal(t, theirs, set.Now())
	set.Reset()
	require.NotEqual(t, theirs, set.Now())
}

func TestClock_TruncatesToMicroseconds(t *testing.T) {
	var c clock.Clock
	require.Zero(t, c.Now().Nanosecond()%1000)
}
