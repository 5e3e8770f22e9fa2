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

// count returns the row of a bucket.
func count(t *testing.T, db *pop.Connection, id string) ratelimit.Count {
	t.Helper()
	var found []ratelimit.Count
	require.NoError(t, db.RawQuery("SELECT * FROM rate_limits WHERE id = ?", id).All(&found))
	return append(found, ratelimit.Count{})[0]
}

// take takes an attempt and returns the wait, or 0 if it is allowed. It requires that
// Check and Take agree.
func take(t *testing.T, db *pop.Connection, l ratelimit.Limit, id string, now time.Time) time.Duration {
	t.Helper()
	b := ratelimit.Bucket{Limit: l, ID: id}
	_, expected, err := b.Peek(db, now)
	require.NoError(t, err)
	err = db.Transaction(func(tx *pop.Connection) error { return ratelimit.Buckets{b}.Take(tx, now) })
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
	now = now.Add(80 * 24 * time.Hour) // attempts in a row count for 90 days
	ada := ratelimit.Bucket{Limit: inARow, ID: "ada"}
	err := ratelimit.Buckets{ada}.Take(db, now)
	require.Equal(t, &ratelimit.Exceeded{RetryAfter: 15 * time.Minute, Locked: true, Limit: "row"}, err)
	require.EqualError(t, err, "rate limit exceeded: retry after 15m0s")
	require.NoError(t, ada.Clear(db))
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

// After the clock was set back, RetryAfter must not exceed the limit's longest wait.
func TestLimit_ClockSetBack(t *testing.T) {
	db := database(t)
	for range 10 {
		require.Zero(t, take(t, db, inWindow, "client", start))
	}
	for range 5 {
		require.Zero(t, take(t, db, inARow, "ada", start))
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

func begin(t *testing.T, db *pop.Connection, bs ratelimit.Buckets, now time.Time) ratelimit.Counts {
	t.Helper()
	counts, err := bs.Start(db, now)
	require.NoError(t, err)
	return counts
}

func TestBuckets_RefundUncountsTheAttempt(t *testing.T) {
	db := database(t)
	ada, client := ratelimit.Buckets{{Limit: inARow, ID: "ada"}}, ratelimit.Buckets{{Limit: inWindow, ID: "client"}}
	for range 3 {
		for n := range 5 {
			require.Equal(t, n, begin(t, db, ada, start)["ada"].Attempts)
		}
		require.NoError(t, ada.Refund(db, 4), "also refunds the 4 attempts before the last")
	}
	for range 9 {
		begin(t, db, client, start)
		require.NoError(t, client.Fail(db))
	}
	for range 30 {
		require.Equal(t, 9, begin(t, db, client, start)["client"].Failures())
		require.NoError(t, client.Refund(db, 100))
	}
	require.Zero(t, take(t, db, inWindow, "client", start))
	require.NotZero(t, take(t, db, inWindow, "client", start), "failures stay")
}

// A refund keeps the other failures that the bucket counted.
func TestBuckets_RefundKeepsOtherFailures(t *testing.T) {
	db := database(t)
	ada := ratelimit.Buckets{{Limit: inARow, ID: "ada"}}
	for n := range 6 {
		begin(t, db, ada, start.Add(time.Duration(n)*time.Minute))
		require.NoError(t, ada.Fail(db))
	}
	begin(t, db, ada, start.Add(time.Hour))
	require.NoError(t, ada.Refund(db, 2))
	left := count(t, db, "ada")
	require.Equal(t, 4, left.Attempts)
	require.Zero(t, left.Pending)
	require.Zero(t, left.OpenMS)
	require.NotZero(t, left.PurgeMS)
}

// Ending an attempt whose row was purged meanwhile counts nothing.
func TestBuckets_EndWithoutRow(t *testing.T) {
	db := database(t)
	ada := ratelimit.Buckets{{Limit: inARow, ID: "ada"}}
	for _, end := range []func() error{func() error { return ada.Fail(db) }, func() error { return ada.Refund(db, 9) }} {
		require.NoError(t, ada[0].Clear(db))
		require.NoError(t, end())
		require.Zero(t, begin(t, db, ada, start)["ada"].PurgeMS)
		require.Equal(t, 1, count(t, db, "ada").Attempts)
	}
}

func TestBuckets_SimultaneousAttemptsCannotExceedTheLimit(t *testing.T) {
	db := database(t)
	ada, client := ratelimit.Bucket{Limit: inARow, ID: "ada"}, ratelimit.Bucket{Limit: inWindow, ID: "client"}
	attempt := func(bs ratelimit.Buckets) error {
		return db.Transaction(func(tx *pop.Connection) error { return bs.Take(tx, start) })
	}
	var allowed, refused atomic.Int32
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			err := attempt(ratelimit.Buckets{ada})
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
	require.EqualValues(t, 5, allowed.Load(), "only the attempts without a wait")
	require.EqualValues(t, 45, refused.Load())
	for range 30 {
		all.Go(func() { attempt(ratelimit.Buckets{client}) })
	}
	all.Wait()
	require.Equal(t, 10, count(t, db, "client").Attempts)
}

// Attempts lock buckets in the same order, both when they start and when they end.
func TestBuckets_DoNotDeadlock(t *testing.T) {
	db := database(t)
	client, email := ratelimit.Bucket{Limit: inWindow, ID: "z client"}, ratelimit.Bucket{Limit: inARow, ID: "a email"}
	client.Most, email.Free = 1000, 0
	buckets := ratelimit.Buckets{client, email}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for _, step := range []func(tx *pop.Connection) error{
				func(tx *pop.Connection) error { _, err := buckets.Start(tx, start); return err },
				func(tx *pop.Connection) error { return buckets.Refund(tx, 0) },
			} {
				if err := db.Transaction(step); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

// A refused attempt is not counted in any of its buckets.
func TestBuckets_TakeAllOrNone(t *testing.T) {
	db := database(t)
	for range 10 {
		require.Zero(t, take(t, db, inWindow, "client", start))
	}
	both := ratelimit.Buckets{{Limit: inARow, ID: "ada"}, {Limit: inWindow, ID: "client"}}
	require.Error(t, db.Transaction(func(tx *pop.Connection) error { return both.Take(tx, start) }))
	require.Zero(t, count(t, db, "ada").Attempts)
}

func TestBuckets_TakeOrUndo(t *testing.T) {
	db, now := database(t), time.Now()
	require.NoError(t, db.RawQuery("CREATE TABLE notes (text VARCHAR(10))").Exec())
	bs := ratelimit.Buckets{{ID: "a", Limit: ratelimit.Limit{Most: 2, Window: time.Hour}}}
	for _, undone := range []bool{false, false, true, true} {
		require.NoError(t, db.Transaction(func(tx *pop.Connection) error {
			ran := false
			got, err := bs.TakeOrUndo(tx, now, func(tx *pop.Connection) error {
				ran = true
				return tx.RawQuery("INSERT INTO notes (text) VALUES ('a')").Exec()
			})
			require.True(t, ran)
			require.Equal(t, undone, got)
			return err
		}))
	}
	var notes []string
	require.NoError(t, db.RawQuery("SELECT text FROM notes").All(&notes))
	require.Len(t, notes, 2)
	require.Equal(t, 2, count(t, db, "a").Attempts)
}

func TestRead(t *testing.T) {
	db, now := database(t), time.Now()
	l := ratelimit.Limit{Most: 9, Window: time.Hour}
	take(t, db, l, "a", now)
	take(t, db, l, "b", now)
	counts, err := ratelimit.Read(db, []string{"a", "c"}, "UNION ALL SELECT 'also', 7, 0, 0, 0, 0 WHERE 1 = ?", 1)
	require.NoError(t, err)
	require.Len(t, counts, 2)
	require.Equal(t, []int{1, 7}, []int{counts["a"].Attempts, counts["also"].Attempts})
}

func TestBucket_PeekCountsNothing(t *testing.T) {
	db := database(t)
	ada := ratelimit.Bucket{Limit: inARow, ID: "ada"}
	peek := func(now time.Time) int {
		attempts, refused, err := ada.Peek(db, now)
		require.NoError(t, err)
		require.Nil(t, refused)
		return attempts
	}
	require.Zero(t, peek(start))
	require.Zero(t, take(t, db, inARow, "ada", start))
	for range 10 {
		require.Equal(t, 1, peek(start))
		require.Equal(t, ratelimit.Count{ID: "ada", Attempts: 1, LastMS: start.UnixMilli(), PurgeMS: start.Add(90 * 24 * time.Hour).UnixMilli()}, count(t, db, "ada"))
	}
	require.Zero(t, peek(start.Add(90*24*time.Hour)), "the row is not purged yet, but counts nothing")
}

// Whatever was in the bucket, Fill leaves the row of Most attempts that failed.
func TestBucket_Fill(t *testing.T) {
	db := database(t)
	for _, limit := range []ratelimit.Limit{{Name: "plain", Most: 7}, inWindow} {
		full, filled := ratelimit.Bucket{Limit: limit, ID: limit.Name}, ratelimit.Bucket{Limit: limit, ID: limit.Name + " filled"}
		for range limit.Most {
			require.Zero(t, take(t, db, limit, full.ID, start))
		}
		want := count(t, db, full.ID)
		want.ID = filled.ID
		begin(t, db, ratelimit.Buckets{filled}, start.Add(-time.Second)) // in flight
		for range 2 {
			require.NoError(t, filled.Fill(db, start))
			require.Equal(t, want, count(t, db, filled.ID))
		}
	}
	ada := ratelimit.Bucket{Limit: inARow, ID: "ada"}
	require.NoError(t, ada.Fill(db, start))
	require.Equal(t, &ratelimit.Exceeded{RetryAfter: 15 * time.Minute, Locked: true, Limit: "row"}, ratelimit.Buckets{ada}.Take(db, start))
	require.NoError(t, ada.Clear(db))
	require.Zero(t, take(t, db, inARow, "ada", start))
}

// A flood of refused requests must not make transactions that wait for each other.
func TestBuckets_PeekFindsAFullOne(t *testing.T) {
	db := database(t)
	full := ratelimit.Limit{Name: "full", Most: 1, Window: time.Hour}
	ada, eve := ratelimit.Bucket{Limit: full, ID: "ada"}, ratelimit.Bucket{Limit: inARow, ID: "eve"}
	require.NoError(t, ratelimit.Buckets{eve, ada}.Peek(db, start))
	require.Zero(t, take(t, db, full, "ada", start))
	require.NoError(t, ratelimit.Buckets{eve}.Peek(db, start))
	var refused *ratelimit.Exceeded
	require.ErrorAs(t, ratelimit.Buckets{eve, ada}.Peek(db, start.Add(time.Minute)), &refused)
	require.Equal(t, 59*time.Minute, refused.RetryAfter)
	require.Equal(t, 1, count(t, db, "ada").Attempts)
	require.NoError(t, ratelimit.Buckets{eve, ada}.Peek(db, start.Add(time.Hour)))
}

func TestLimit_KeepsRowsWhileTheyCount(t *testing.T) {
	db := database(t)
	for _, now := range []time.Time{start, start.Add(time.Minute)} {
		require.Zero(t, take(t, db, inARow, "ada", now))
		require.Zero(t, take(t, db, inWindow, "client", now))
	}
	for id, want := range map[string]time.Duration{"ada": 90*24*time.Hour + time.Minute, "client": 3 * time.Minute} {
		var purge []int64
		require.NoError(t, db.RawQuery("SELECT purge_ms FROM rate_limits WHERE id = ?", id).All(&purge))
		require.Equal(t, []int64{start.Add(want).UnixMilli()}, purge)
	}
}

func TestLimit_BucketHidesTheSubject(t *testing.T) {
	ring := secret.NewRing("test", []string{secret.New()})
	digest := func(text string) string { return ring.Digest("rate limits", text) }
	id := inARow.Bucket(digest, "ada@example.com").ID
	require.Regexp(t, `^[\w-]{43}$`, id, "an email has an @")
	require.Equal(t, id, inARow.Bucket(digest, "ada@example.com").ID)
	require.NotEqual(t, id, inARow.Bucket(digest, "bob@example.com").ID)
	require.NotEqual(t, id, inWindow.Bucket(digest, "ada@example.com").ID)
}

func TestLimit_OfClient(t *testing.T) {
	same := func(text string) string { return text }
	for client, want := range map[string][]string{
		"192.0.2.1":            {"192.0.2.1"},
		"::ffff:192.0.2.1":     {"192.0.2.1"},
		"2001:db8:1:2::1":      {"2001:db8:1:2::/64", "2001:db8:1::/48"},
		"2001:db8:1:2:ffff::1": {"2001:db8:1:2::/64", "2001:db8:1::/48"},
		"2001:db8:1:3::1":      {"2001:db8:1:3::/64", "2001:db8:1::/48"},
		"2001:db8:1:2::1%eth0": {"2001:db8:1:2::/64", "2001:db8:1::/48"},
		"::":                   {"::/64", "::/48"},
	} {
		buckets := inWindow.OfClient(same, netip.MustParseAddr(client))
		require.Len(t, buckets, len(want))
		for i, b := range buckets {
			require.Equal(t, "window\x00"+want[i], b.ID)
			require.Equal(t, []int{10, 100}[i], b.Most)
		}
	}
	require.Len(t, inWindow.OfClient(same, netip.Addr{}), 1, "a task has no IP")
}
