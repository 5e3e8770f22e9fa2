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

func TestClock_TruncatesToMicroseconds(t *testing.T) {
	var c clock.Clock
	require.Zero(t, c.Now().Nanosecond()%1000)
}
