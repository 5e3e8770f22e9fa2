package database_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/database"
)

func TestSQLite_EveryConnectionHasThePragmas(t *testing.T) {
	db := open(t, newDatabase(t, ""))
	pool := db.Store.(interface {
		Conn(context.Context) (*sql.Conn, error)
	})
	for range db.Dialect.Details().Pool {
		conn, err := pool.Conn(t.Context())
		require.NoError(t, err)
		defer conn.Close() // not in the loop: all connections must be open at the same time
		for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000"} {
			var got string
			require.NoError(t, conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got))
			require.Equal(t, want, got, pragma)
		}
	}
}

// The first connection switches the new file to WAL. SQLite does not let the others wait for it.
func TestSQLite_OpenedByManyAtOnce(t *testing.T) {
	for range 50 {
		url := "sqlite3://" + filepath.Join(t.TempDir(), "new.sqlite")
		errs := make(chan error)
		for range 8 {
			go func() {
				db, err := database.Open(url)
				if err == nil {
					err = db.Close()
				}
				errs <- err
			}()
		}
		for range 8 {
			require.NoError(t, <-errs)
		}
	}
}
