package database_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"testing"

	"github.com/gobuffalo/pop/v6"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"corral/internal/database"
)

func TestUnavailable(t *testing.T) {
	db := migrated(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	cancelled := db.WithContext(ctx).RawQuery("SELECT 1").Exec()
	cutOff := timeOutBetweenStatements(t, db)
	fault := db.RawQuery("SELECT nonsense FROM notes").Exec()
	require.NoError(t, db.Store.Close())
	closed := db.RawQuery("SELECT 1").Exec()
	for _, err := range []error{cancelled, cutOff, closed, context.DeadlineExceeded, &pgconn.PgError{Code: "57P01"},
		&pgconn.PgError{Code: "28P01"}, &pgconn.PgError{Code: "28000"}, &pgconn.PgError{Code: "3D000"}, &pgconn.PgError{Code: "08P01"},
		errors.New("database is locked (5) (SQLITE_BUSY)")} {
		require.Error(t, err)
		require.True(t, database.Unavailable(fmt.Errorf("asking: %w", err)), "%v", err)
	}
	_, missing := os.Open("nowhere")
	_, dead := net.Dial("tcp", "127.0.0.1:1")
	_, unreachable := http.Get("http://127.0.0.1:1")
	for _, err := range []error{nil, fault, errors.New("no"), missing, dead, unreachable, &pgconn.PgError{Code: "23505"}, &pgconn.PgError{Code: "42501"}, &pgconn.PgError{Code: "0A000"}, &pgconn.PgError{}} {
		require.False(t, database.Unavailable(err), "%v", err)
	}
}

// timeOutBetweenStatements returns the error of a transaction whose context has ended, so
// that database/sql has rolled it back.
func timeOutBetweenStatements(t *testing.T, db *pop.Connection) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	return db.WithContext(ctx).Transaction(func(tx *pop.Connection) error {
		cancel()
		err := tx.RawQuery("SELECT 1").Exec()
		for !errors.Is(err, sql.ErrTxDone) {
			_, err = tx.TX.Exec("SELECT 1") // without the context
		}
		return err
	})
}

func TestIsDuplicate(t *testing.T) {
	db := migrated(t)
	exec(t, db, "INSERT INTO notes (id, text) VALUES (1, 'a')")
	for _, values := range []string{"(2, 'a')", "(1, 'b')"} {
		err := db.RawQuery("INSERT INTO notes (id, text) VALUES " + values).Exec()
		require.True(t, database.IsDuplicate(fmt.Errorf("writing: %w", err)), "%v", err)
	}
	require.False(t, database.IsDuplicate(db.RawQuery("INSERT INTO notes (id, text) VALUES (2, NULL)").Exec()))
	require.False(t, database.IsDuplicate(nil))
}
