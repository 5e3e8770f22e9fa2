package apptest

import (
	"crypto/rand"
	"database/sql"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gobuffalo/pop/v6"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"corral/internal/database"
)

// NewDatabase creates a temporary SQLite file or, if server is a PostgreSQL URL, a
// database on that server. drop removes the database.
func NewDatabase(server string) (databaseURL string, drop func(), err error) {
	if server != "" {
		return newPostgres(server)
	}
	dir, err := os.MkdirTemp("", "apptest-")
	if err != nil {
		return "", nil, err
	}
	return "sqlite3://" + filepath.Join(dir, "test.sqlite"), func() { os.RemoveAll(dir) }, nil
}

func newPostgres(server string) (databaseURL string, drop func(), err error) {
	created, err := url.Parse(server)
	if err != nil {
		return "", nil, err
	}
	admin, err := sql.Open("pgx", server)
	if err != nil {
		return "", nil, err
	}
	name := "test_" + strings.ToLower(rand.Text())
	if _, err := admin.Exec("CREATE DATABASE " + name); err != nil {
		admin.Close()
		return "", nil, err
	}
	created.Path = "/" + name
	return created.String(), func() {
		admin.Exec("DROP DATABASE " + name + " WITH (FORCE)")
		admin.Close()
	}, nil
}

// Main creates a database, calls connect to open and migrate it, runs the package's
// tests, and exits. Call Main from TestMain.
func Main(m *testing.M, server string, connect func(databaseURL string) error) {
	databaseURL, drop, err := NewDatabase(server)
	if err == nil {
		if err = connect(databaseURL); err != nil {
			drop()
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "no test database:", err)
		os.Exit(1)
	}
	code := m.Run()
	drop()
	os.Exit(code)
}

// MainWithTables is Main for a package that has migrations of its own. It stores the
// connection in db. TEST_DATABASE_URL is the server; if it is unset, the database is a
// SQLite file.
func MainWithTables(m *testing.M, db **pop.Connection, migrations fs.FS) {
	Main(m, os.Getenv("TEST_DATABASE_URL"), func(databaseURL string) (err error) {
		if *db, err = database.Open(databaseURL); err == nil {
			err = database.Migrate(*db, migrations)
		}
		return err
	})
}
