package database_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"syscall"
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
	rolledBack := cancelBetweenStatements(t, db)
	unknownColumn := db.RawQuery("SELECT nonsense FROM notes").Exec()
	require.NoError(t, db.Store.Close())
	closed := db.RawQuery("SELECT 1").Exec()
	for _, err := range []error{
		cancelled, rolledBack, closed, context.DeadlineExceeded,
		errors.New("database is locked (5) (SQLITE_BUSY)"),
		&pgconn.PgError{Code: "57P01"}, // admin_shutdown
		&pgconn.PgError{Code: "28P01"}, // invalid_password
		&pgconn.PgError{Code: "28000"}, // invalid_authorization_specification
		&pgconn.PgError{Code: "3D000"}, // invalid_catalog_name: no such database
		&pgconn.PgError{Code: "08P01"}, // protocol_violation
	} {
		require.Error(t, err)
		require.True(t, database.Unavailable(fmt.Errorf("asking: %w", err)), "%v", err)
	}
	_, missingFile := os.Open("nowhere")
	// Network errors of other services are not the database's.
	_, dialRefused := net.Dial("tcp", "127.0.0.1:1")
	_, httpRefused := http.Get("http://127.0.0.1:1")
	for _, err := range []error{
		nil, unknownColumn, errors.New("no"), missingFile, dialRefused, httpRefused,
		&pgconn.PgError{Code: "23505"}, // unique_violation
		&pgconn.PgError{Code: "42501"}, // insufficient_privilege
		&pgconn.PgError{Code: "0A000"}, // feature_not_supported
		&pgconn.PgError{},
	} {
		require.False(t, database.Unavailable(err), "%v", err)
	}
}

// cancelBetweenStatements returns the error of a statement in a transaction that
// database/sql has rolled back because its context was cancelled.
func cancelBetweenStatements(t *testing.T, db *pop.Connection) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	return db.WithContext(ctx).Transaction(func(tx *pop.Connection) error {
		cancel()
		err := tx.RawQuery("SELECT 1").Exec()
		for !errors.Is(err, sql.ErrTxDone) {
			// Without the context, so that the statement fails only after the rollback, which
			// runs in a goroutine.
			_, err = tx.TX.Exec("SELECT 1")
		}
		return err
	})
}

func TestRemedy(t *testing.T) {
	for code, want := range map[string]string{
		"53100": ": free space",
		"53300": ": end other connections, or raise max_connections or the role's limit",
		"25006": ": check DATABASE_URL; is the server a standby?",
		"28P01": ": check the user and password in DATABASE_URL",
		"42501": ": make the role of DATABASE_URL the owner of the database and of all tables, or restore its grants",
		"42P01": "",
	} {
		require.Equal(t, want, database.Remedy(fmt.Errorf("asking: %w", &pgconn.PgError{Code: code})), code)
	}
	require.Equal(t, ": free space", database.Remedy(errors.New("database or disk is full (13)")))
	require.Equal(t, ": free space, or check the disk", database.Remedy(errors.New("disk I/O error (4874)")))
	require.Empty(t, database.Remedy(nil))
}

func TestFileRemedy(t *testing.T) {
	const owner = ": give it to the app's user"
	for err, want := range map[error]string{
		syscall.ENOSPC: ": free space or inodes",
		syscall.EDQUOT: ": free space or inodes",
		syscall.EROFS:  ": mount the file system for writing",
		syscall.EACCES: owner,
	} {
		require.Equal(t, want, database.FileRemedy(&fs.PathError{Err: err}, owner), "%v", err)
	}
}

func TestIsDuplicate(t *testing.T) {
	db := migrated(t)
	exec(t, db, "INSERT INTO notes (id, text) VALUES (1, 'a')")
	insert := func(into string) error {
		return fmt.Errorf("writing: %w", db.RawQuery("INSERT INTO "+into).Exec())
	}
	text := insert("notes (id, text) VALUES (2, 'a')")
	require.True(t, database.IsDuplicate(errors.Join(text, errors.New("and more")), "notes", "text"), "%v", text)
	require.False(t, database.IsDuplicate(text, "notes", "tex"))
	require.False(t, database.IsDuplicate(text, "notes", "text", "id"))
	for _, values := range []string{"(1, 'b')", "(2, NULL)"} {
		err := insert("notes (id, text) VALUES " + values)
		require.False(t, database.IsDuplicate(err, "notes", "text"), "%v", err)
	}
	require.False(t, database.IsDuplicate(nil, "notes", "text"))

	exec(t, db, "CREATE TABLE pairs (a INTEGER, b INTEGER, UNIQUE (a, b))")
	exec(t, db, "INSERT INTO pairs VALUES (1, 2)")
	pair := insert("pairs VALUES (1, 2)")
	require.True(t, database.IsDuplicate(pair, "pairs", "a", "b"), "%v", pair)
	require.False(t, database.IsDuplicate(pair, "pairs", "a"))
}
