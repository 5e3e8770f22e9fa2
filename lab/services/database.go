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

// Required reports whether CORRAL_REQUIRE, the gate's list of installed
// programs, has a program. Its tests must not be skipped then.
func Required(program string) bool {
	return strings.Contains(os.Getenv("CORRAL_REQUIRE"), program)
}

// Server returns the URL of a PostgreSQL server for new databases, or skips the
// test.
func Server(t testing.TB) string {
	t.Helper()
	server := os.Getenv("TEST_DATABASE_URL")
	if server == "" {
		require.False(t, Required("postgres"))
		t.Skip("needs PostgreSQL: set TEST_DATABASE_URL to a server on which databases may be made")
	}
	return server
}

// NewDatabase returns an empty database, on server unless that is "", until the
// test ends.
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
	own, err := url.Parse(server)
	require.NoError(t, err)
	own.Path = "/" + name
	return own.String()
}

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

func Execute(t testing.TB, databaseURL, statement string, args ...any) {
	t.Helper()
	db := OpenDatabase(t, databaseURL)
	defer db.Close()
	_, err := db.Exec(statement, args...)
	require.NoError(t, err)
}
