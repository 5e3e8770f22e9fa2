package ratelimit_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/stretchr/testify/require"

	"corral/internal/ratelimit"
)

// Attempts wait for the attempts in flight. Only failures lead to a refusal.
func TestLine_WaitsForAttemptsInFlight(t *testing.T) {
	db := database(t)
	var line ratelimit.Line
	buckets := ratelimit.Buckets{{Limit: inWindow, ID: "client"}}
	begin := func() error {
		return db.Transaction(func(tx *pop.Connection) error {
			_, err := buckets.Start(tx, start)
			return err
		})
	}
	for range 10 {
		require.NoError(t, line.Start(t.Context(), begin))
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	require.Error(t, line.Start(cancelled, begin))
	waiting := make(chan error, 30)
	for range 30 {
		go func() {
			err := line.Start(t.Context(), begin)
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
	require.NoError(t, begin()) // the tenth attempt in flight
	for range 10 {
		require.NoError(t, buckets.Fail(db))
	}
	full := count(t, db, "client")
	require.Equal(t, 10, full.Attempts)
	require.Zero(t, full.Pending)
	require.Equal(t, inWindow.Check(full, start), line.Start(t.Context(), begin), "at once")
}

// oneInFlight returns a bucket that allows one attempt, which is in flight.
func oneInFlight(t *testing.T) (*pop.Connection, ratelimit.Buckets) {
	db := database(t)
	one := inWindow
	one.Most = 1
	buckets := ratelimit.Buckets{{Limit: one, ID: "client"}}
	begin(t, db, buckets, start)
	return db, buckets
}

// After 30 seconds, an attempt is no longer in flight, but counts as failed: its process
// may have died.
func TestLine_AttemptsInFlightFailAfter30Seconds(t *testing.T) {
	db, buckets := oneInFlight(t)
	var line ratelimit.Line
	require.Equal(t, &ratelimit.Exceeded{RetryAfter: 150 * time.Second, Limit: "window"}, line.Start(t.Context(), func() error {
		return buckets.Take(db, start.Add(30*time.Second))
	}), "at once")
}

// An attempt that ends on another node does not wake the lines of this node.
func TestLine_WaitsForOtherNodes(t *testing.T) {
	db, buckets := oneInFlight(t)
	var line ratelimit.Line
	tries := 0
	require.NoError(t, line.Start(t.Context(), func() error {
		if tries++; tries == 3 {
			require.NoError(t, buckets.Refund(db, 0))
		}
		return buckets.Take(db, start)
	}))
}

// If one bucket is full of failures and another of attempts in flight, the attempt is
// refused at once.
func TestLine_FailuresRefuseAtOnce(t *testing.T) {
	db := database(t)
	one := inWindow
	one.Most = 1
	failures, inFlight := ratelimit.Buckets{{Limit: one, ID: "failures"}}, ratelimit.Buckets{{Limit: one, ID: "in flight"}}
	require.NoError(t, failures.Take(db, start))
	begin(t, db, inFlight, start)
	var line ratelimit.Line
	require.Equal(t, &ratelimit.Exceeded{RetryAfter: 3 * time.Minute, Limit: "window"}, line.Start(t.Context(), func() error {
		return append(inFlight, failures...).Take(db, start)
	}))
}

// timing is a context whose timeout a test decides.
type timing struct {
	context.Context
	out atomic.Bool
}

func (c *timing) Err() error {
	if c.out.Load() {
		return context.DeadlineExceeded
	}
	return c.Context.Err()
}

// An attempt stays counted if failed returns true or the client disconnects, unless it
// succeeds.
func TestLine_Attempt(t *testing.T) {
	db := database(t)
	var line ratelimit.Line
	buckets := ratelimit.Buckets{{Limit: inWindow, ID: "client"}}
	wrong, fault := errors.New("wrong"), errors.New("fault")
	attempt := func(ctx context.Context, try func() error) error {
		return line.Attempt(ctx, db, buckets, func() time.Time { return start }, try, func(err error) bool { return errors.Is(err, wrong) })
	}
	for range 20 {
		require.NoError(t, attempt(t.Context(), func() error {
			require.Equal(t, 1, count(t, db, "client").Pending, "counted before the attempt ends")
			return nil
		}))
		require.ErrorIs(t, attempt(t.Context(), func() error { return fault }), fault)
		ctx, disconnect := context.WithCancel(t.Context())
		require.NoError(t, attempt(ctx, func() error { disconnect(); return nil }))
		timing := &timing{Context: t.Context()}
		require.ErrorIs(t, attempt(timing, func() error { timing.out.Store(true); return fault }), fault)
	}
	require.Zero(t, count(t, db, "client").Attempts)
	for n := range 10 {
		ctx, disconnect := context.WithCancel(t.Context())
		err := []error{wrong, fault}[n%2]
		require.ErrorIs(t, attempt(ctx, func() error { disconnect(); return err }), err)
	}
	full := count(t, db, "client")
	require.Equal(t, 10, full.Attempts)
	require.Zero(t, full.Pending)
	var exceeded *ratelimit.Exceeded
	require.ErrorAs(t, attempt(t.Context(), func() error { t.Error("a refused attempt runs"); return nil }), &exceeded)
	require.Equal(t, full, count(t, db, "client"))
}
