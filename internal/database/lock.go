package database

import (
	"context"
	"database/sql"
	"fmt"
	"hash/fnv"
	"net/url"
	"strings"

	"github.com/gobuffalo/pop/v6"
)

// WithLock waits for the named lock, which one process at a time can hold, and runs
// fn. The lock lasts until fn returns or ctx ends. On PostgreSQL, it is the advisory lock
// of a transaction; on SQLite, it is the lock of an empty file beside the database file.
func WithLock(ctx context.Context, db *pop.Connection, name string, fn func() error) error {
	if db.Dialect.Name() != "postgres" {
		return lockedBeside(ctx, sqliteFile(db), name, fn)
	}
	return locked(ctx, db, "SELECT true FROM pg_advisory_xact_lock($1)", "0", name, fn) // the longest migration must fit
}

// lockedBeside runs fn while a SQLite transaction locks a file, which works on every
// system. It does not remove the file: if it did, another process could still hold the lock
// of the removed file while a third locks a new file of that name.
func lockedBeside(ctx context.Context, path, name string, fn func() error) error {
	path += "-" + name
	if err := makePrivateFile(path); err != nil {
		return fmt.Errorf("locking %s: %w", name, err)
	}
	const tenMinutes = "600000" // milliseconds; the longest migration must fit
	file, err := sql.Open("sqlite3", sqliteURI(path)+"?mode=rw&_txlock=exclusive&_busy_timeout="+tenMinutes)
	if err != nil {
		return fmt.Errorf("locking %s: %w", name, err)
	}
	defer file.Close()
	lock, err := file.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("locking %s: %w", name, err)
	}
	defer lock.Rollback()
	return fn()
}

// sqliteURI returns a path as a URI, to which options such as the mode can be added.
func sqliteURI(path string) string {
	return "file:" + strings.NewReplacer("%", "%25", "#", "%23", "?", "%3f").Replace(path)
}

// sqliteFile returns the path of a database that Open opened.
func sqliteFile(db *pop.Connection) string {
	path, _ := url.PathUnescape(strings.TrimPrefix(db.Dialect.Details().Database, "file:"))
	return path
}

// TryLock is WithLock without waiting: if another node holds the lock, it returns nil
// and does not run fn. On SQLite, which has one node, it runs fn without a lock. On
// PostgreSQL, the lock lasts for at most ten minutes, even if fn runs for longer: a frozen
// node must not hold it for hours.
func TryLock(ctx context.Context, db *pop.Connection, name string, fn func() error) error {
	return locked(ctx, db, "SELECT pg_try_advisory_xact_lock($1)", "10min", name, fn)
}

func locked(ctx context.Context, db *pop.Connection, query, timeout, name string, fn func() error) error {
	if db.Dialect.Name() != "postgres" {
		return fn()
	}
	return InTransaction(db.WithContext(ctx), func(tx *pop.Connection) error {
		// The transaction is idle while fn runs.
		if err := tx.RawQuery("SET LOCAL idle_in_transaction_session_timeout = '" + timeout + "'").Exec(); err != nil {
			return fmt.Errorf("locking %s: %w", name, err)
		}
		var held bool
		if err := tx.Store.Get(&held, query, lockNumber(name)); err != nil {
			return fmt.Errorf("locking %s: %w", name, err)
		}
		if !held {
			return nil
		}
		return fn()
	})
}

func lockNumber(name string) int64 {
	hash := fnv.New64a()
	hash.Write([]byte(name))
	return int64(hash.Sum64())
}
