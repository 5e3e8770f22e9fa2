package ratelimit_test

import (
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/stretchr/testify/require"

	"corral/internal/ratelimit"
	"corral/internal/secret"
)

var (
	inARow   = ratelimit.Limit{Name: "row", Most: 100, Free: 5}
	inWindow = ratelimit.Limit{Name: "window", Most: 10, Window: 3 * time.Minute}
	start    = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
)

// take returns an attempt's wait, 0 if it is allowed, and requires that Check
// agrees with Take.
func take(t *testing.T, tx *pop.Connection, l ratelimit.Limit, id string, now time.Time) time.Duration {
	t.Helper()
	count, err := l.Peek(tx, id)
	require.NoError(t, err)
	expected := l.Check(count, now)
	err = l.Take(tx, id, now)
	if err == nil {
		require.Nil(t, expected)
		return 0
	}
	exceeded, ok := errors.AsType[*ratelimit.Exceeded](err)
	require.True(t, ok, err)
	require.Equal(t, expected, exceeded)
	return exceeded.RetryAfter
}

func TestLimit_WaitsGrow(t *testing.T) {
	db, now := database(t), start
	for range 5 {
		require.Zero(t, take(t, db, inARow, "ada", now))
	}
	for _, seconds := range []int{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900} {
		wait := time.Duration(seconds) * time.Second
		require.Equal(t, wait, take(t, db, inARow, "ada", now))
		now = now.Add(wait)
		require.Equal(t, time.Second, take(t, db, inARow, "ada", now.Add(-time.Millisecond)), "at least a second")
		require.Zero(t, take(t, db, inARow, "ada", now))
	}
	require.Zero(t, take(t, db, inARow, "bob", now), "another subject")
}

func TestLimit_LocksAfterAHundredInARow(t *testing.T) {
	db, now := database(t), start
	for range 100 {
		require.Zero(t, take(t, db, inARow, "ada", now))
		now = now.Add(15 * time.Minute)
	}
	now = now.Add(80 * 24 * time.Hour)
	err := inARow.Take(db, "ada", now)
	require.Equal(t, &ratelimit.Exceeded{RetryAfter: 15 * time.Minute, Locked: true}, err)
	require.EqualError(t, err, "rate limit exceeded: retry after 15m0s")
	require.NoError(t, inARow.Clear(db, "ada"))
	require.Zero(t, take(t, db, inARow, "ada", now))
}

func TestLimit_CountsWithinTheWindow(t *testing.T) {
	db, now := database(t), start
	for range 10 {
		require.Zero(t, take(t, db, inWindow, "client", now))
		now = now.Add(time.Second)
	}
	require.Equal(t, 170*time.Second, take(t, db, inWindow, "client", now))
	require.Zero(t, take(t, db, inWindow, "another", now))
	now = start.Add(3*time.Minute - time.Millisecond)
	require.Equal(t, time.Second, take(t, db, inWindow, "client", now))
	now = start.Add(3 * time.Minute)
	for range 10 {
		require.Zero(t, take(t, db, inWindow, "client", now))
	}
	require.Equal(t, 3*time.Minute, take(t, db, inWindow, "client", now))
}

// After the clock was set back, RetryAfter is at most the rule's longest wait.
func TestLimit_ClockSetBack(t *testing.T) {
	db := database(t)
	for range 10 {
		require.NoError(t, inWindow.Take(db, "client", start))
	}
	for range 5 {
		require.NoError(t, inARow.Take(db, "ada", start))
	}
	dayBefore := start.Add(-24 * time.Hour)
	require.Equal(t, 3*time.Minute, take(t, db, inWindow, "client", dayBefore))
	require.Equal(t, 15*time.Minute, take(t, db, inARow, "ada", dayBefore))
}

func TestLimit_WindowWithWaits(t *testing.T) {
	db, now := database(t), start
	l := ratelimit.Limit{Most: 10, Window: 3 * time.Second, Free: 1}
	require.Zero(t, take(t, db, l, "client", now))
	require.Equal(t, time.Second, take(t, db, l, "client", now))
	now = now.Add(time.Second)
	require.Zero(t, take(t, db, l, "client", now))
	require.Equal(t, 2*time.Second, take(t, db, l, "client", now))
	now = now.Add(time.Second)
	require.Equal(t, time.Second, take(t, db, l, "client", now))
	now = now.Add(time.Second)
	require.Zero(t, take(t, db, l, "client", now), "the window is over")
	require.Equal(t, time.Second, take(t, db, l, "client", now), "the waits start again")
}

func TestLimit_RefundUndoesTheAttempt(t *testing.T) {
	db := database(t)
	for range 3 {
		for range 5 {
			require.Zero(t, take(t, db, inARow, "ada", start))
		}
		require.NoError(t, inARow.Refund(db, "ada"))
	}
	for range 9 {
		require.Zero(t, take(t, db, inWindow, "client", start))
	}
	for range 30 {
		require.Zero(t, take(t, db, inWindow, "client", start))
		require.NoError(t, inWindow.Refund(db, "client"))
	}
	require.Zero(t, take(t, db, inWindow, "client", start))
	require.NotZero(t, take(t, db, inWindow, "client", start), "failures stay")
	require.NoError(t, inWindow.Refund(db, "unknown"))
	require.NoError(t, inARow.Refund(db, "unknown"))
}

func TestLimit_SimultaneousAttemptsCannotPass(t *testing.T) {
	db := database(t)
	var allowed, refused atomic.Int32
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			err := db.Transaction(func(tx *pop.Connection) error { return inARow.Take(tx, "ada", start) })
			switch _, exceeded := errors.AsType[*ratelimit.Exceeded](err); {
			case err == nil:
				allowed.Add(1)
			case exceeded:
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 5, allowed.Load(), "the free attempts and no more")
	require.EqualValues(t, 45, refused.Load())
	for range 30 {
		all.Go(func() { inWindow.Take(db, "client", start) })
	}
	all.Wait()
	count, err := inWindow.Peek(db, "client")
	require.NoError(t, err)
	require.Equal(t, 10, count.Attempts)
}

func TestLimit_PeekCountsNothing(t *testing.T) {
	db := database(t)
	count, err := inARow.Peek(db, "ada")
	require.NoError(t, err)
	require.Zero(t, count)
	require.Nil(t, inARow.Check(count, start))
	require.NoError(t, inARow.Take(db, "ada", start))
	for range 10 {
		count, err = inARow.Peek(db, "ada")
		require.NoError(t, err)
		require.Equal(t, ratelimit.Count{ID: "ada", Attempts: 1, SinceMS: start.UnixMilli()}, count)
	}
}

func TestLimit_KeepsRowsWhileTheyCount(t *testing.T) {
	db := database(t)
	require.NoError(t, inARow.Take(db, "ada", start))
	require.NoError(t, inWindow.Take(db, "client", start))
	for id, want := range map[string]time.Duration{"ada": 90 * 24 * time.Hour, "client": 3 * time.Minute} {
		var purge []int64
		require.NoError(t, db.RawQuery("SELECT purge_ms FROM rate_limits WHERE id = ?", id).All(&purge))
		require.Equal(t, []int64{start.Add(want).UnixMilli()}, purge)
	}
}

func TestLimit_IDHidesTheSubject(t *testing.T) {
	ring := secret.NewRing("test", []string{secret.New()})
	digest := func(text string) string { return ring.Digest("rate limits", text) }
	id := inARow.ID(digest, "ada@example.com")
	require.NotContains(t, id, "ada")
	require.Len(t, id, 43)
	require.Equal(t, id, inARow.ID(digest, "ada@example.com"))
	require.NotEqual(t, id, inARow.ID(digest, "bob@example.com"))
	require.NotEqual(t, id, inWindow.ID(digest, "ada@example.com"))
}

func TestSubject_IPv6NetworkIsOneClient(t *testing.T) {
	for client, want := range map[string]string{
		"192.0.2.1":            "192.0.2.1",
		"::ffff:192.0.2.1":     "192.0.2.1",
		"2001:db8:1:2::1":      "2001:db8:1:2::/64",
		"2001:db8:1:2:ffff::1": "2001:db8:1:2::/64",
		"2001:db8:1:3::1":      "2001:db8:1:3::/64",
		"2001:db8:1:2::1%eth0": "2001:db8:1:2::/64",
		"::":                   "::/64",
	} {
		require.Equal(t, want, ratelimit.Subject(netip.MustParseAddr(client)), client)
	}
}

func TestRefund_RefundsSeveralBuckets(t *testing.T) {
	db, now := database(t), start
	ada, client := ratelimit.Bucket{Limit: inARow, Row: "ada"}, ratelimit.Bucket{Limit: inWindow, Row: "client"}
	for range 7 {
		require.NoError(t, ada.Take(db, ada.Row, now))
		require.NoError(t, client.Take(db, client.Row, now))
		now = now.Add(time.Second * 5)
	}
	require.NoError(t, ratelimit.Refund(db, ada, client))
	count, err := ada.Peek(db, ada.Row)
	require.NoError(t, err)
	require.Equal(t, ratelimit.Count{ID: "ada", SinceMS: start.UnixMilli()}, count, "the row of failures has ended")
	count, err = client.Peek(db, client.Row)
	require.NoError(t, err)
	require.Equal(t, 6, count.Attempts)
	require.NoError(t, ratelimit.Refund(db))
}
