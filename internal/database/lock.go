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

// WithLock runs fn while no other process holds the named lock, which a transaction
// of its own holds until fn returns or ctx ends: on SQLite, one of an empty database
// beside db's file.
func WithLock(ctx context.Context, db *pop.Connection, name string, fn func() error) error {
	if db.Dialect.Name() != "postgres" {
		return lockedBeside(ctx, sqliteFile(db), name, fn)
	}
	return locked(ctx, db, "SELECT true FROM pg_advisory_xact_lock($1)", name, fn)
}

// lockedBeside holds SQLite's lock of a file, which every system has. The file
// stays: if one process removed it, two others could lock two of its name.
func lockedBeside(ctx context.Context, path, name string, fn func() error) error {
	path += "-" + name
	if err := makePrivateFile(path); err != nil {
		return fmt.Errorf("locking %s: %w", name, err)
	}
	const tenMinutes = "600000" // for the longest migration
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

// sqliteURI returns the URI of a file, because a URI can set the mode.
func sqliteURI(path string) string {
	return "file:" + strings.NewReplacer("%", "%25", "#", "%23").Replace(path)
}

// sqliteFile returns the path of a database that Open opened.
func sqliteFile(db *pop.Connection) string {
	path, _ := url.PathUnescape(strings.TrimPrefix(db.Dialect.Details().Database, "file:"))
	return path
}

// TryLock is WithLock, but returns nil without running fn if another node holds the
// lock. On SQLite, which has one node, it only runs fn.
func TryLock(ctx context.Context, db *pop.Connection, name string, fn func() error) error {
	return locked(ctx, db, "SELECT pg_try_advisory_xact_lock($1)", name, fn)
}

func locked(ctx context.Context, db *pop.Connection, query, name string, fn func() error) error {
	if db.Dialect.Name() != "postgres" {
		return fn()
	}
	return db.WithContext(ctx).Transaction(func(tx *pop.Connection) error {
		// The transaction idles while fn runs.
		if err := tx.RawQuery("SET LOCAL idle_in_transaction_session_timeout = 0").Exec(); err != nil {
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
