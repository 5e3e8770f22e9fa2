// Package models holds the accounts: who exists, who is signed in, and what
// they may set. It speaks to the database through DB and knows no HTTP.
package models

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gobuffalo/pop/v6/logging"
	"github.com/gofrs/uuid"

	"corral/config"
)

// DB is the open database. Connect sets it.
var DB *pop.Connection

// settings is what the process was told at its start. Connect sets it.
var settings config.Config

// ErrNotFound says that there is no such row, or that it is not this person's.
var ErrNotFound = errors.New("not found")

// newID returns an id for a row that is removed because of its age. It is of the
// seventh version, in the order of time: what is made together lies together in
// the index of ids, and goes together. An id is no secret.
func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) } // crypto/rand never fails

func init() {
	// Statements hold what must not be logged.
	pop.SetLogger(func(logging.Level, string, ...any) {})
	pop.SetTxLogger(func(logging.Level, any, string, ...any) {})
	pop.SetNowFunc(Clock.Now)
}

// Connect opens the database that c names and makes it DB. A SQLite file that
// is missing is made, readable by its owner only.
func Connect(c config.Config) error {
	details, err := connectionDetails(c.DatabaseURL)
	if err != nil {
		return err
	}
	conn, err := pop.NewConnection(details)
	if err != nil {
		return fmt.Errorf("DATABASE_URL is not understood: %w", err)
	}
	if err := conn.Open(); err != nil {
		return unopened(err)
	}
	if err := conn.RawQuery("SELECT 1").Exec(); err != nil {
		conn.Close()
		return unopened(err)
	}
	DB, settings = conn, c
	pop.Connections[c.Env] = conn
	return nil
}

// unopened says in one line why the database cannot be opened; pgx takes several.
func unopened(err error) error {
	return fmt.Errorf("the database cannot be opened: %s", strings.Join(strings.Fields(err.Error()), " "))
}

func connectionDetails(databaseURL string) (*pop.ConnectionDetails, error) {
	path, isSQLite := sqlitePath(databaseURL)
	if !isSQLite {
		return &pop.ConnectionDetails{
			URL:             withTimeouts(databaseURL),
			Pool:            20, // of the 100 that a PostgreSQL server offers by default: four nodes and some room
			IdlePool:        20, // all of them: a burst is no time to open connections
			ConnMaxIdleTime: 5 * time.Minute,
		}, nil
	}
	if err := makePrivateFile(path); err != nil {
		return nil, fmt.Errorf("the database file cannot be made: %w", err)
	}
	return &pop.ConnectionDetails{
		Dialect:  "sqlite3",
		Database: "file:" + strings.NewReplacer("%", "%25", "#", "%23").Replace(path), // a URI, so that it may say mode
		Pool:     8,
		IdlePool: 8,
		Options: map[string]string{
			"mode":          "rw",        // a file that is taken away is missed, and no empty one put in its place
			"lock":          "false",     // pop's process-wide lock would run one statement at a time
			"_journal_mode": "WAL",       // readers do not wait for the writer
			"_synchronous":  "FULL",      // a commit outlives a power cut too; NORMAL, mattn's default, may lose the last ones
			"_txlock":       "immediate", // a transaction that reads, then writes, cannot fail half-way
			"_busy_timeout": "5000",      // milliseconds that a writer waits for another
			"_fk":           "true",
			"_time_format":  "sqlite", // one sortable text form under either driver
		},
	}, nil
}

// withTimeouts adds what the URL of a PostgreSQL database does not say itself.
// How long a statement may take is not among it: a request's context ends with
// the request (package edge), and a migration may take what it needs.
func withTimeouts(databaseURL string) string {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return databaseURL // package config has told
	}
	query := u.Query()
	for key, value := range map[string]string{
		"connect_timeout":                     "5",     // seconds: a server that is gone is noticed within a request
		"idle_in_transaction_session_timeout": "60000", // milliseconds: a node that froze does not keep its locks for ever
	} {
		if !query.Has(key) {
			query.Set(key, value)
		}
	}
	u.RawQuery = query.Encode()
	return u.String()
}

func sqlitePath(databaseURL string) (path string, isSQLite bool) {
	path, isSQLite = strings.CutPrefix(databaseURL, "sqlite3://")
	if !isSQLite {
		path, isSQLite = strings.CutPrefix(databaseURL, "sqlite://")
	}
	path, _, _ = strings.Cut(path, "?")
	return strings.TrimPrefix(path, "file:"), isSQLite // either form of SQLite's own
}

func makePrivateFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return file.Close()
}
