package database_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/stretchr/testify/require"

	"corral/internal/database"
)

// The context outlives the request, but not for long.
func TestDetached(t *testing.T) {
	type key struct{}
	request, end := context.WithTimeout(context.WithValue(t.Context(), key{}, "kept"), time.Hour)
	detached, cancel := database.Detached(request)
	end()
	require.NoError(t, detached.Err())
	require.Equal(t, "kept", detached.Value(key{}))
	deadline, limited := detached.Deadline()
	require.True(t, limited)
	require.WithinDuration(t, time.Now().Add(10*time.Second), deadline, 5*time.Second)
	cancel()
	require.Error(t, detached.Err())
}

func TestInTransaction(t *testing.T) {
	db := migrated(t)
	insert := func(err error) func(tx *pop.Connection) error {
		return func(tx *pop.Connection) error {
			exec(t, tx, "INSERT INTO notes (id, text) VALUES (1, 'kept')")
			return err
		}
	}
	want := errors.New("no")
	require.Equal(t, want, database.InTransaction(db, insert(want)))
	require.Empty(t, notes(t, db))
	require.NoError(t, database.InTransaction(db, insert(nil)))
	require.Equal(t, []string{"kept"}, notes(t, db))
}

// A timeout rolls the transaction back before fn returns. The log then names the timeout,
// not the second attempt to roll back.
func TestInTransaction_ReturnsTheCause(t *testing.T) {
	cause := errors.New("counting an attempt: context deadline exceeded")
	err := database.InTransaction(migrated(t), func(tx *pop.Connection) error {
		require.NoError(t, tx.TX.Rollback())
		return cause
	})
	require.Equal(t, cause, err)
}

func TestInTransaction_RemovedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.sqlite")
	db := open(t, "sqlite3://"+path)
	require.NoError(t, os.Remove(path))
	err := database.InTransaction(db, func(*pop.Connection) error { panic("not called") })
	require.ErrorContains(t, err, "was removed or replaced while the app runs")
}
