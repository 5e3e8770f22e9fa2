// Package database opens the SQLite or PostgreSQL database of an app through
// pop, and does what pop leaves to the app: it migrates at start, compares
// schemas, backs up, locks between nodes, and tells errors apart.
//
//	db, err := database.Open("sqlite3://storage/app.sqlite")
//	if err != nil {
//		return err
//	}
//	if err := database.Migrate(db, migrations.FS); err != nil {
//		return err
//	}
//
// Built with -tags sqlite, as the Buffalo CLI does, it uses the SQLite driver
// that needs a C compiler, otherwise the one that is written in Go.
package database

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gobuffalo/pop/v6/logging"
)

// Open opens the database of a URL like sqlite3://path or
// postgres://user:password@host/name, and checks that it answers. It creates a
// SQLite file that does not exist, readable by its owner only.
//
// The first call silences pop's loggers, because statements hold values that
// must not be logged. To see them in development, call pop.SetTxLogger after it.
func Open(databaseURL string) (*pop.Connection, error) {
	silence()
	details, err := connectionDetails(databaseURL)
	if err != nil {
		return nil, err
	}
	db, err := pop.NewConnection(details)
	if err != nil {
		return nil, fmt.Errorf("the database URL is not understood: %w", err)
	}
	if err := db.Open(); err != nil {
		return nil, unopened(err)
	}
	if err := db.RawQuery("SELECT 1").Exec(); err != nil {
		db.Close()
		return nil, unopened(err)
	}
	return db, nil
}

// OpenExisting is like Open but does not create a SQLite file: an operator in
// the wrong folder gets an error and not an empty database.
func OpenExisting(databaseURL string) (*pop.Connection, error) {
	if path, isSQLite := sqlitePath(databaseURL); isSQLite {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no database file %s: is this the right folder?", path)
		}
	}
	return Open(databaseURL)
}

var silence = sync.OnceFunc(func() {
	pop.SetLogger(func(logging.Level, string, ...any) {})
	pop.SetTxLogger(func(logging.Level, any, string, ...any) {})
})

// unopened puts an error into one line; those of pgx take several.
func unopened(err error) error {
	return fmt.Errorf("the database cannot be opened: %s", strings.Join(strings.Fields(err.Error()), " "))
}

func connectionDetails(databaseURL string) (*pop.ConnectionDetails, error) {
	path, isSQLite := sqlitePath(databaseURL)
	if !isSQLite {
		complete, err := withTimeouts(databaseURL)
		return &pop.ConnectionDetails{
			URL:             complete,
			Pool:            20, // of the 100 that a PostgreSQL server offers by default: four nodes and some spare
			IdlePool:        20, // all of them: a burst is no time to open connections
			ConnMaxIdleTime: 5 * time.Minute,
		}, err
	}
	if err := makePrivateFile(path); err != nil {
		return nil, fmt.Errorf("the database file cannot be made: %w", err)
	}
	return &pop.ConnectionDetails{
		Dialect:  "sqlite3",
		Database: "file:" + strings.NewReplacer("%", "%25", "#", "%23").Replace(path), // a URI, to set mode
		Pool:     8,
		IdlePool: 8,
		Options: map[string]string{
			"mode":          "rw",        // a file that was removed is an error; none is created in its place
			"lock":          "false",     // pop's process-wide lock would run one statement at a time
			"_journal_mode": "WAL",       // readers do not wait for the writer
			"_synchronous":  "FULL",      // a commit survives a power cut; with NORMAL, mattn's default, it may not
			"_txlock":       "immediate", // a transaction that reads, then writes, cannot fail half-way
			"_busy_timeout": "5000",      // milliseconds that a writer waits for another
			"_fk":           "true",
			"_time_format":  "sqlite", // one sortable text form under either driver
		},
	}, nil
}

// withTimeouts adds the timeouts that the URL of a PostgreSQL database does not
// set. A statement has none: a request's context ends it, and a migration may
// take as long as it needs.
func withTimeouts(databaseURL string) (string, error) {
	u, err := url.Parse(databaseURL)
	if err != nil { // which quotes the URL, and the password in it
		return "", errors.New("the database URL is not understood: write it like postgres://user:password@host/name")
	}
	query := u.Query()
	for key, value := range map[string]string{
		"connect_timeout":                     "5",     // seconds: a request notices a server that is gone
		"idle_in_transaction_session_timeout": "60000", // milliseconds: frees the locks of a node that froze
	} {
		if !query.Has(key) {
			query.Set(key, value)
		}
	}
	u.RawQuery = query.Encode()
	return u.String(), nil
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
