// Package database opens an app's SQLite or PostgreSQL database through pop. It also
// migrates at start, makes backups, locks between nodes, and classifies errors.
//
//	db, err := database.Open("sqlite3://storage/app.sqlite")
//	if err != nil {
//		return err
//	}
//	if err := database.Migrate(db, migrations.Files); err != nil {
//		return err
//	}
//
// With -tags sqlite, which the Buffalo CLI sets, the SQLite driver needs a C
// compiler.
package database

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gobuffalo/pop/v6/logging"
)

// Open opens the database of a URL like sqlite3://path or
// postgres://user:password@host/name and pings it. A new SQLite file is readable
// only by its owner.
//
// Open silences pop's loggers, which would log secret values. To see statements in
// development, call pop.SetTxLogger after Open.
func Open(databaseURL string) (*pop.Connection, error) {
	silence()
	details, err := connectionDetails(databaseURL)
	if err != nil {
		return nil, err
	}
	db, err := pop.NewConnection(details)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL is not understood: %w", err)
	}
	if db.Dialect.Name() == "postgres" {
		if details.URL, err = forPooler(details.URL); err != nil {
			return nil, unopened(err)
		}
	}
	if err := db.Open(); err != nil {
		return nil, unopened(err)
	}
	err = db.RawQuery("SELECT 1").Exec()
	// SQLite does not wait while another process switches a new file to WAL.
	for end := time.Now().Add(5 * time.Second); sqliteSays(err, "database is locked") && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
		err = db.RawQuery("SELECT 1").Exec()
	}
	if err != nil {
		db.Close()
		return nil, unopened(err)
	}
	rememberFile(db)
	return db, nil
}

// OpenExisting is Open without creating a SQLite file.
func OpenExisting(databaseURL string) (*pop.Connection, error) {
	if path, isSQLite := sqlitePath(databaseURL); isSQLite {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no database file %s: is this the right folder? Check DATABASE_URL, or create the file with `task db:migrate`", path)
		}
	}
	return Open(databaseURL)
}

var silence = sync.OnceFunc(func() {
	pop.SetLogger(func(logging.Level, string, ...any) {})
	pop.SetTxLogger(func(logging.Level, any, string, ...any) {})
})

func unopened(err error) error {
	return fmt.Errorf("the database cannot be opened: %s%s", oneLine(err), remedy(err))
}

func connectionDetails(databaseURL string) (*pop.ConnectionDetails, error) {
	path, isSQLite := sqlitePath(databaseURL)
	if !isSQLite {
		complete, err := withTimeouts(databaseURL)
		return &pop.ConnectionDetails{
			URL:             complete,
			Pool:            20, // PostgreSQL allows 100: enough for four nodes
			IdlePool:        20, // opening connections would slow a burst of requests
			ConnMaxIdleTime: 5 * time.Minute,
		}, err
	}
	if err := makePrivateFile(path); err != nil {
		return nil, fmt.Errorf("the database cannot be opened: DATABASE_URL names the file %s, which cannot be made (%w)%s",
			path, err, fileRemedy(err, ": name one in a folder in which the app may write"))
	}
	if err := checkFile(path); err != nil {
		return nil, fmt.Errorf("the database cannot be opened: DATABASE_URL names %w", err)
	}
	return sqliteDetails(path), nil
}

func sqliteDetails(path string) *pop.ConnectionDetails {
	return &pop.ConnectionDetails{
		Dialect:  "sqlite3",
		Database: sqliteURI(path),
		Pool:     8,
		IdlePool: 8,
		Options: map[string]string{
			"mode":          "rw",        // do not recreate a file that was removed
			"lock":          "false",     // pop's lock would serialize all statements
			"_journal_mode": "WAL",       // readers do not wait for the writer
			"_synchronous":  "FULL",      // commits survive a power cut, unlike with NORMAL, mattn's default
			"_txlock":       "immediate", // otherwise a transaction that reads before it writes could fail
			"_busy_timeout": "5000",      // milliseconds that a writer waits for another
			"_fk":           "true",
			"_time_format":  "sqlite", // times are stored as text that sorts
		},
	}
}

const idleTimeout = "idle_in_transaction_session_timeout"

// withTimeouts adds the timeouts that a PostgreSQL URL does not set. It sets none for
// statements: a request's context ends them, and a migration may take long.
func withTimeouts(databaseURL string) (string, error) {
	if _, err := url.Parse(databaseURL); err != nil { // err quotes the URL and its password
		return "", errors.New("DATABASE_URL is not understood: write it like postgres://user:password@host/name")
	}
	return withQuery(databaseURL, func(query url.Values) {
		for key, value := range map[string]string{
			"connect_timeout": "5",     // seconds
			idleTimeout:       "60000", // milliseconds: frees the locks of a frozen node
		} {
			if !query.Has(key) {
				query.Set(key, value)
			}
		}
	}), nil
}

// withQuery changes the query of a valid URL.
func withQuery(databaseURL string, change func(query url.Values)) string {
	u, _ := url.Parse(databaseURL)
	query := u.Query()
	change(query)
	u.RawQuery = query.Encode()
	return u.String()
}

func sqlitePath(databaseURL string) (path string, isSQLite bool) {
	path, isSQLite = strings.CutPrefix(databaseURL, "sqlite3://")
	if !isSQLite {
		path, isSQLite = strings.CutPrefix(databaseURL, "sqlite://")
	}
	path, _, _ = strings.Cut(path, "?")
	return strings.TrimPrefix(path, "file:"), isSQLite // the prefix of SQLite's URIs
}

// CheckPrivate returns an error if other users of the machine can read a SQLite file,
// or a journal that a crash has left beside it.
func CheckPrivate(databaseURL string) error {
	path, _ := sqlitePath(databaseURL)
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		file := path + suffix
		info, err := os.Stat(file)
		if err == nil && !info.IsDir() && info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" { // Open reports other errors
			return fmt.Errorf("other users can read or write the file %s (mode %04o): run chmod 600 %s", file, info.Mode().Perm(), file)
		}
	}
	return nil
}

func makePrivateFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := createPrivate(path); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// createPrivate creates an empty file readable only by its owner, unless the file exists.
func createPrivate(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

// checkFile explains SQLite's "unable to open database file".
func checkFile(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("the folder %s: name a file in it", path)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("the file %s (%w)%s", path, errors.Unwrap(err), fileRemedy(err, ": start the app as its owner, or give the file to the app's user with chown, then chmod 600 it"))
	}
	file.Close()
	beside, err := os.CreateTemp(filepath.Dir(path), ".writable-*")
	if err != nil {
		return fmt.Errorf("the file %s, but the folder is not writable (%w)%s", path, errors.Unwrap(err),
			fileRemedy(err, ": SQLite keeps files beside it, so give the folder to the app's user with chown"))
	}
	beside.Close()
	return os.Remove(beside.Name())
}
