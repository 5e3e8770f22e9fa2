package database_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/gobuffalo/pop/v6"
	"github.com/stretchr/testify/require"

	"corral/internal/database"
)

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
