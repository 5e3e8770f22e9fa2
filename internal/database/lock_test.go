package database_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/stretchr/testify/require"

	"corral/internal/database"
)

func TestLock_RunsAndReturnsTheError(t *testing.T) {
	db := open(t, databaseURL(t))
	want := errors.New("no")
	require.ErrorIs(t, database.WithLock(t.Context(), db, "a", func() error { return want }), want)
	require.ErrorIs(t, database.TryLock(t.Context(), db, "a", func() error { return want }), want)
}

func TestTryLock_OneNodeAtATime(t *testing.T) {
	if !onPostgres() {
		return
	}
	url := databaseURL(t)
	one, other := open(t, url), open(t, url)
	ran := []string{}
	try := func(name string) error {
		return database.TryLock(t.Context(), other, name, func() error { ran = append(ran, name); return nil })
	}
	require.NoError(t, database.TryLock(t.Context(), one, "a", func() error {
		require.NoError(t, try("a"))
		require.Empty(t, ran, "one holds the lock")
		return try("b")
	}))
	require.NoError(t, try("a"))
	require.Equal(t, []string{"b", "a"}, ran)
}

// A frozen node does not hold the lock of a purge for hours. That of a migration lasts until
// the migration ends.
func TestLock_IdleTimeout(t *testing.T) {
	if !onPostgres() {
		return
	}
	db := open(t, databaseURL(t))
	for want, lock := range map[string]func(context.Context, *pop.Connection, string, func() error) error{
		"10min": database.TryLock,
		"0":     database.WithLock,
	} {
		tx, err := db.NewTransaction() // lock uses this transaction and ends it
		require.NoError(t, err)
		require.NoError(t, lock(t.Context(), tx, "a", func() error {
			var timeout string
			require.NoError(t, tx.Store.Get(&timeout, "SHOW idle_in_transaction_session_timeout"))
			require.Equal(t, want, timeout)
			return nil
		}))
	}
}

// The transaction that holds the lock outlives idle_in_transaction_session_timeout.
func TestWithLock_Waits(t *testing.T) {
	if !onPostgres() {
		return
	}
	url := databaseURL(t)
	one, other := open(t, url+"&idle_in_transaction_session_timeout=500"), open(t, url)
	order, done := make(chan string, 2), make(chan error)
	require.NoError(t, database.WithLock(t.Context(), one, "a", func() error {
		go func() {
			done <- database.WithLock(t.Context(), other, "a", func() error { order <- "second"; return nil })
		}()
		require.Eventually(t, func() bool {
			var waiting int
			require.NoError(t, one.Store.Get(&waiting, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"))
			return waiting == 1
		}, time.Minute, time.Millisecond)
		exec(t, one, "SELECT pg_sleep(0.7)")
		order <- "first"
		return nil
	}))
	require.NoError(t, <-done)
	require.Equal(t, "first", <-order)
	require.Equal(t, "second", <-order)
}
