package services

import (
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Required reports whether CORRAL_REQUIRE contains the name of a program. Then tests
// that need the program must not be skipped.
func Required(program string) bool {
	return strings.Contains(os.Getenv("CORRAL_REQUIRE"), program)
}

// Server returns the URL of a PostgreSQL server on which to create databases. Without
// one, it skips the test.
func Server(t testing.TB) string {
	t.Helper()
	server := os.Getenv("TEST_DATABASE_URL")
	if server == "" {
		require.False(t, Required("postgres"))
		t.Skip("needs PostgreSQL: set TEST_DATABASE_URL to a server on which databases may be created")
	}
	return server
}

// NewDatabase returns the URL of an empty database, which is removed when the test ends.
// It is on server or, if that is "", in a SQLite file.
func NewDatabase(t testing.TB, server string) (databaseURL string) {
	t.Helper()
	if server == "" {
		return "sqlite3://" + filepath.Join(t.TempDir(), "test.sqlite")
	}
	admin, err := sql.Open("pgx", server)
	require.NoError(t, err)
	name := "corral_lab_" + strings.ToLower(rand.Text())
	_, err = admin.Exec("CREATE DATABASE " + name)
	require.NoError(t, err)
	t.Cleanup(func() { admin.Exec("DROP DATABASE " + name + " WITH (FORCE)"); admin.Close() })
	created, err := url.Parse(server)
	require.NoError(t, err)
	created.Path = "/" + name
	return created.String()
}

// OpenDatabase opens a database until the test ends.
func OpenDatabase(t testing.TB, databaseURL string) *sql.DB {
	t.Helper()
	driver, name := "pgx", databaseURL
	if path, ok := strings.CutPrefix(databaseURL, "sqlite3://"); ok {
		driver, name = "sqlite", "file:"+path+"?_pragma=busy_timeout(10000)&_txlock=immediate&_time_format=sqlite"
	}
	db, err := sql.Open(driver, name)
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

// Execute executes a statement in a database.
func Execute(t testing.TB, databaseURL, statement string, args ...any) {
	t.Helper()
	db := OpenDatabase(t, databaseURL)
	defer db.Close()
	_, err := db.Exec(statement, args...)
	require.NoError(t, err)
}
