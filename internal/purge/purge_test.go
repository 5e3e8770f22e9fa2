package purge

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/internal/clock"
	"corral/internal/database"
)

func newDatabase(t *testing.T, expired int) *pop.Connection {
	t.Helper()
	url, drop, err := apptest.NewDatabase(os.Getenv("TEST_DATABASE_URL"))
	require.NoError(t, err)
	t.Cleanup(drop)
	db, err := database.Open(url)
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	exec(t, db, "CREATE TABLE notes (id INTEGER PRIMARY KEY, text VARCHAR(9) NOT NULL, expires INTEGER NOT NULL)")
	require.NoError(t, db.Transaction(func(tx *pop.Connection) error {
		for id := range expired {
			exec(t, tx, "INSERT INTO notes (id, text, expires) VALUES (?, 'old', ?)", id, id%10)
		}
		return nil
	}))
	exec(t, db, "INSERT INTO notes (id, text, expires) VALUES (-1, 'new', 99)")
	return db
}

func exec(t *testing.T, db *pop.Connection, statement string, args ...any) {
	t.Helper()
	require.NoError(t, db.RawQuery(statement, args...).Exec())
}

func count(t *testing.T, db *pop.Connection) int {
	t.Helper()
	n, err := db.Count("notes")
	require.NoError(t, err)
	return n
}

func rules(time.Time) []Rule {
	return []Rule{DeleteRule("notes", "expires <= ?", "expires", 10)}
}

// The log has a warning if the clock was set forward or back.
func TestJanitor_ClockJumps(t *testing.T) {
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	readings := []reading{
		{noon, time.Hour},
		{noon.Add(Every), time.Hour + Every},
		{noon.Add(2*Every + maxJump), time.Hour + 2*Every}, // NTP may adjust the clock by maxJump
		{noon.Add(3 * time.Hour), time.Hour + 3*Every},
		{noon.Add(time.Hour), time.Hour + 4*Every},
	}
	oldPause, oldRead := betweenPurges, readClocks
	t.Cleanup(func() { betweenPurges, readClocks = oldPause, oldRead })
	n := 0
	readClocks = func() reading { n++; return readings[min(n, len(readings))-1] }
	done := make(chan bool)
	betweenPurges = func(ctx context.Context) {
		if n == len(readings) {
			close(done)
			<-ctx.Done()
		}
	}
	log := &apptest.LogBuffer{}
	janitor := Start(newDatabase(t, 0), clocks(), slog.New(slog.NewTextHandler(log, nil)), rules)
	<-done
	janitor.Stop()
	var jumps []string
	for line := range strings.Lines(log.String()) {
		_, jump, found := strings.Cut(line, ` level=WARN msg="clock jumped" error="by `)
		require.True(t, found, line)
		jump, _, _ = strings.Cut(jump, ":")
		jumps = append(jumps, jump)
	}
	require.Equal(t, []string{"2h29m55s", "-2h10m0s"}, jumps)
}

func TestReadClocks(t *testing.T) {
	before := readClocks()
	now := readClocks()
	require.WithinDuration(t, time.Now(), now.wall, time.Minute)
	require.GreaterOrEqual(t, now.monotonic, before.monotonic)
	require.Equal(t, now.wall, now.wall.Round(0), "without the monotonic reading, which Sub would use")
}

func clocks() database.Clocks {
	return database.Clocks{Node: new(clock.Clock), Database: new(clock.Clock)}
}

// replacePause calls do between batches, instead of waiting, until the test ends.
func replacePause(t *testing.T, do func()) {
	before := betweenBatches
	betweenBatches = func(context.Context) { do() }
	t.Cleanup(func() { betweenBatches = before })
}

func TestRun(t *testing.T) {
	db := newDatabase(t, 3)
	require.NoError(t, Run(t.Context(), db, clocks(), rules))
	require.Equal(t, 1, count(t, db))
	require.NoError(t, Run(t.Context(), db, clocks(), rules))
	require.Equal(t, 1, count(t, db))
}

// A rule may update rows instead of deleting them.
func TestRun_Update(t *testing.T) {
	db := newDatabase(t, Batch+10)
	replacePause(t, func() {})
	shorten := Rule{Change: "UPDATE notes SET text = '', expires = 99", Table: "notes", Where: "expires <= ?", Order: "expires", Args: []any{10}}
	require.NoError(t, Run(t.Context(), db, clocks(), func(time.Time) []Rule { return []Rule{shorten} }))
	shortened, err := db.Where("text = '' AND expires = 99").Count("notes")
	require.NoError(t, err)
	require.Equal(t, Batch+10, shortened)
	require.Equal(t, Batch+11, count(t, db))
}

// Other writers can write between batches.
func TestRun_InBatches(t *testing.T) {
	db := newDatabase(t, 2*Batch+10)
	var counts []int
	replacePause(t, func() {
		exec(t, db, "INSERT INTO notes (id, text, expires) VALUES (?, 'new', 99)", 9999+len(counts))
		counts = append(counts, count(t, db))
	})
	require.NoError(t, Run(t.Context(), db, clocks(), rules))
	require.Equal(t, []int{Batch + 12, 13}, counts)
	require.Equal(t, 3, count(t, db))
}

func TestRun_LeavesLockedRows(t *testing.T) {
	db := newDatabase(t, 2)
	if db.Dialect.Name() != "postgres" {
		return // SQLite has one writer at a time
	}
	require.NoError(t, db.Transaction(func(tx *pop.Connection) error {
		exec(t, tx, "UPDATE notes SET text = text WHERE id = 1")
		require.NoError(t, Run(t.Context(), db, clocks(), rules))
		require.Equal(t, 2, count(t, db), "the transaction has a lock on the other row")
		return nil
	}))
	require.NoError(t, Run(t.Context(), db, clocks(), rules))
	require.Equal(t, 1, count(t, db))
}

// RunAll leaves no row, since it waits for rows that others have locked. It works in
// batches.
func TestRule_RunAll(t *testing.T) {
	db, pauses := newDatabase(t, 2*Batch+10), 0
	replacePause(t, func() { pauses++ })
	all := Rule{Change: "DELETE FROM notes", Table: "notes", Where: "id IS NOT NULL", Order: "id"}
	locked, deleted := make(chan bool), make(chan int)
	go func() {
		<-locked
		rows, err := all.RunAll(t.Context(), db)
		assert.NoError(t, err)
		deleted <- rows
	}()
	require.NoError(t, db.Transaction(func(tx *pop.Connection) error {
		exec(t, tx, "UPDATE notes SET text = text WHERE id = 1")
		close(locked)
		if db.Dialect.Name() == "postgres" {
			require.Eventually(t, func() bool {
				var waiting int
				require.NoError(t, db.Store.Get(&waiting, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"))
				return waiting == 1
			}, time.Minute, time.Millisecond)
		}
		return nil
	}))
	require.Equal(t, 2*Batch+11, <-deleted)
	require.Zero(t, count(t, db))
	require.Equal(t, 2, pauses)
}

// A second node returns at once.
func TestRun_OneNodeAtATime(t *testing.T) {
	db := newDatabase(t, Batch+10)
	if db.Dialect.Name() != "postgres" {
		return // SQLite has one node
	}
	pauses := 0
	replacePause(t, func() {
		pauses++
		require.NoError(t, Run(t.Context(), db, clocks(), rules)) // like another node
		require.Equal(t, 11, count(t, db), "the other node is purging")
	})
	require.NoError(t, Run(t.Context(), db, clocks(), rules))
	require.Equal(t, 1, pauses)
	require.Equal(t, 1, count(t, db))
}

// A node with a wrong clock removes nothing. Rows expire by the database's clock.
func TestRun_ByTheDatabasesClock(t *testing.T) {
	db, c := newDatabase(t, 3), clocks()
	var times []time.Time
	all := func(now time.Time) []Rule { times = append(times, now); return rules(now) }
	for _, skew := range []time.Duration{40 * time.Minute, -40 * time.Minute} {
		c.Node.Reset()
		c.Node.Move(skew)
		require.ErrorContains(t, Run(t.Context(), db, c, all), "40m0s apart")
	}
	require.Empty(t, times)
	require.Equal(t, 4, count(t, db))

	c.Node.Reset()
	c.Node.Move(5 * time.Second)
	c.Database.Set(time.Now())
	require.NoError(t, Run(t.Context(), db, c, all))
	require.Equal(t, []time.Time{c.Database.Now()}, times)
	require.Equal(t, 1, count(t, db))
}

// Prevents one row, kept by a foreign key of another table, from ending all purging.
func TestRun_GoesOnAfterAnError(t *testing.T) {
	db := newDatabase(t, 3)
	exec(t, db, "CREATE TABLE kept (id INTEGER PRIMARY KEY)")
	exec(t, db, "INSERT INTO kept (id) VALUES (1)")
	exec(t, db, "CREATE TABLE keeping (id INTEGER PRIMARY KEY REFERENCES kept (id))")
	exec(t, db, "INSERT INTO keeping (id) VALUES (1)")
	done := false
	err := Run(t.Context(), db, clocks(), func(now time.Time) []Rule {
		return append([]Rule{DeleteRule("kept", "id > ?", "id", 0)}, rules(now)...)
	}, func(context.Context) error { done = true; return nil })
	require.ErrorContains(t, err, "purging kept: ")
	require.Equal(t, 1, count(t, db))
	require.True(t, done)
}

// keptRows makes a table with n rows, and keeps some of them by a foreign key of another table.
func keptRows(t *testing.T, db *pop.Connection, n int, kept ...int) {
	exec(t, db, "CREATE TABLE kept (id INTEGER PRIMARY KEY)")
	exec(t, db, "CREATE TABLE keeping (id INTEGER PRIMARY KEY REFERENCES kept (id))")
	require.NoError(t, db.Transaction(func(tx *pop.Connection) error {
		for id := range n {
			exec(t, tx, "INSERT INTO kept (id) VALUES (?)", id)
		}
		for _, id := range kept {
			exec(t, tx, "INSERT INTO keeping (id) VALUES (?)", id)
		}
		return nil
	}))
}

// Prevents an owner's table that refers to one deleted user from keeping all others.
func TestRun_RemovesTheRowsThatNoForeignKeyKeeps(t *testing.T) {
	db := newDatabase(t, 0)
	replacePause(t, func() {})
	keptRows(t, db, 3*Batch, 0, 1, Batch+7, 3*Batch-1)
	for range 2 {
		err := Run(t.Context(), db, clocks(), func(time.Time) []Rule { return []Rule{DeleteRule("kept", "id >= ?", "id", 0)} })
		require.ErrorContains(t, err, "purging kept: 4 rows stay: ")
		var left []int
		require.NoError(t, db.Store.Select(&left, "SELECT id FROM kept ORDER BY id"))
		require.Equal(t, []int{0, 1, Batch + 7, 3*Batch - 1}, left)
	}
}

// Bounds the statements of one purge.
func TestRun_EndsAfterABatchOfKeptRows(t *testing.T) {
	db := newDatabase(t, 0)
	replacePause(t, func() {})
	kept := make([]int, Batch+1)
	for id := range kept {
		kept[id] = id
	}
	keptRows(t, db, len(kept), kept...)
	err := Run(t.Context(), db, clocks(), func(time.Time) []Rule { return []Rule{DeleteRule("kept", "id >= ?", "id", 0)} })
	require.ErrorContains(t, err, fmt.Sprintf("purging kept: %d rows stay: ", Batch))
}

// timedOut is an argument that fails like a statement that exceeds statement_timeout.
type timedOut struct{}

func (timedOut) Value() (driver.Value, error) { return nil, context.DeadlineExceeded }

// Prevents a rule that fails in every purge from keeping the jobs from running.
func TestRun_JobsRunIfTheDatabaseIsUnavailable(t *testing.T) {
	db := newDatabase(t, 3)
	slow := DeleteRule("notes", "expires <= ?", "expires", timedOut{})
	all := func(now time.Time) []Rule { return append([]Rule{slow}, rules(now)...) }
	noUndo := errors.New("no undo")
	done := false
	err := Run(t.Context(), db, clocks(), all, func(context.Context) error { return noUndo }, func(context.Context) error { done = true; return nil })
	require.True(t, database.Unavailable(err))
	require.ErrorContains(t, err, "purging notes: ")
	require.ErrorIs(t, err, noUndo)
	require.True(t, done)
	require.Equal(t, 4, count(t, db), "no other rule ran")
}

// After a long outage, a rule would remove what a job still needs.
func TestRun_JobsRunBeforeTheRules(t *testing.T) {
	db := newDatabase(t, 3)
	left := 0
	require.NoError(t, Run(t.Context(), db, clocks(), rules, func(context.Context) error { left = count(t, db); return nil }))
	require.Equal(t, 4, left)
	require.Equal(t, 1, count(t, db))
}

func TestRun_Cancelled(t *testing.T) {
	db := newDatabase(t, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, Run(ctx, db, clocks(), rules), context.Canceled)
}

func TestJanitor(t *testing.T) {
	db := newDatabase(t, 1)
	janitor := Start(db, clocks(), slog.New(slog.NewTextHandler(&bytes.Buffer{}, nil)), rules)
	require.Eventually(t, func() bool { return count(t, db) == 1 }, time.Minute, time.Millisecond)
	janitor.Stop()
}

// Stop interrupts a purge. The next purge completes it.
func TestJanitor_Stop(t *testing.T) {
	db := newDatabase(t, Batch+10)
	log, paused, resume := &apptest.LogBuffer{}, make(chan bool), make(chan bool)
	replacePause(t, func() { paused <- true; <-resume })
	janitor := Start(db, clocks(), slog.New(slog.NewTextHandler(log, nil)), rules)
	<-paused
	stopped := make(chan bool)
	go func() { janitor.Stop(); close(stopped) }()
	<-janitor.ctx.Done()
	close(resume)
	<-stopped
	require.Empty(t, log.String(), "a stop is not a fault")
	require.Equal(t, 11, count(t, db))
	require.Eventually(t, func() bool { // PostgreSQL releases the stopped janitor's lock in the background
		require.NoError(t, Run(t.Context(), db, clocks(), rules))
		return count(t, db) == 1
	}, time.Minute, time.Millisecond)
}

// The janitor continues after an error or a panic.
func TestJanitor_FaultsAreLogged(t *testing.T) {
	db := newDatabase(t, 1)
	for want, faulty := range map[string]func(time.Time) []Rule{
		`level=ERROR msg="purge failed" error="purging nothing: `: func(time.Time) []Rule {
			return []Rule{{Change: "DELETE FROM nothing", Table: "nothing", Where: "id = 1", Order: "id"}}
		},
		`level=ERROR msg="purge failed" error="panic: boom`: func(time.Time) []Rule { panic("boom") },
	} {
		log := &apptest.LogBuffer{}
		janitor := Start(db, clocks(), slog.New(slog.NewTextHandler(log, nil)), faulty)
		require.Eventually(t, func() bool { return log.String() != "" }, time.Minute, time.Millisecond)
		janitor.Stop()
		require.Contains(t, log.String(), want)
	}
}
