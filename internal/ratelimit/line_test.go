package ratelimit_test

import (
	"context"
	"testing"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/stretchr/testify/require"

	"corral/internal/ratelimit"
)

// Attempts in flight wait, and only failures refuse the next one.
func TestLine_WaitsForAttemptsInFlight(t *testing.T) {
	db := database(t)
	var line ratelimit.Line
	buckets := ratelimit.Buckets{{Limit: inWindow, Row: "client"}}
	begin := func() error {
		return db.Transaction(func(tx *pop.Connection) error {
			_, err := buckets.Start(tx, start)
			return err
		})
	}
	for range 10 {
		require.NoError(t, line.Try(t.Context(), begin))
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	require.Error(t, line.Try(gone, begin))
	waiting := make(chan error, 30)
	for range 30 {
		go func() {
			err := line.Try(t.Context(), begin)
			if err == nil {
				err = buckets.Refund(db, 0)
				line.Wake(buckets)
			}
			waiting <- err
		}()
	}
	require.NoError(t, buckets.Refund(db, 0))
	line.Wake(buckets)
	for range 30 {
		require.NoError(t, <-waiting)
	}
	require.NoError(t, begin())
	for range 10 {
		require.NoError(t, buckets.Fail(db))
	}
	full := count(t, db, "client")
	require.Equal(t, 10, full.Attempts)
	require.Zero(t, full.Pending)
	require.Equal(t, inWindow.Check(full, start), line.Try(t.Context(), begin), "at once")
}

// oneInFlight returns a bucket with room for one attempt, which is in flight.
func oneInFlight(t *testing.T) (*pop.Connection, ratelimit.Buckets) {
	db := database(t)
	one := inWindow
	one.Most = 1
	buckets := ratelimit.Buckets{{Limit: one, Row: "client"}}
	begin(t, db, buckets, start)
	return db, buckets
}

// An attempt of a process that died is no longer in flight, but counts.
func TestLine_ForgetsAttemptsInFlight(t *testing.T) {
	db, buckets := oneInFlight(t)
	var line ratelimit.Line
	require.Equal(t, &ratelimit.Exceeded{RetryAfter: 150 * time.Second}, line.Try(t.Context(), func() error {
		return buckets.Take(db, start.Add(30*time.Second))
	}), "at once")
}

// Attempts of another node wake no line of this one.
func TestLine_WaitsForOtherNodes(t *testing.T) {
	db, buckets := oneInFlight(t)
	var line ratelimit.Line
	tries := 0
	require.NoError(t, line.Try(t.Context(), func() error {
		if tries++; tries == 3 {
			require.NoError(t, buckets.Refund(db, 0))
		}
		return buckets.Take(db, start)
	}))
}

// Of a bucket that is full of failures and one that attempts in flight fill, the
// first refuses at once.
func TestLine_FailuresRefuseAtOnce(t *testing.T) {
	db := database(t)
	one := inWindow
	one.Most = 1
	failed, flying := ratelimit.Buckets{{Limit: one, Row: "failed"}}, ratelimit.Buckets{{Limit: one, Row: "flying"}}
	require.NoError(t, failed.Take(db, start))
	begin(t, db, flying, start)
	var line ratelimit.Line
	require.Equal(t, &ratelimit.Exceeded{RetryAfter: 3 * time.Minute}, line.Try(t.Context(), func() error {
		return append(flying, failed...).Take(db, start)
	}))
}
