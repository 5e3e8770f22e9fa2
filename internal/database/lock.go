package database

import (
	"context"
	"fmt"
	"hash/fnv"

	"github.com/gobuffalo/pop/v6"
)

// WithLock waits until no other node holds the named lock, then runs fn. On
// SQLite, which has one node, it only runs fn.
//
// A transaction of its own holds the lock, until fn returns or ctx ends.
func WithLock(ctx context.Context, db *pop.Connection, name string, fn func() error) error {
	return locked(ctx, db, "SELECT true FROM pg_advisory_xact_lock($1)", name, fn)
}

// TryLock is like WithLock, but returns nil without running fn if another node
// holds the lock.
func TryLock(ctx context.Context, db *pop.Connection, name string, fn func() error) error {
	return locked(ctx, db, "SELECT pg_try_advisory_xact_lock($1)", name, fn)
}

func locked(ctx context.Context, db *pop.Connection, query, name string, fn func() error) error {
	if db.Dialect.Name() != "postgres" {
		return fn()
	}
	return db.WithContext(ctx).Transaction(func(tx *pop.Connection) error {
		// The transaction idles while fn runs: see withTimeouts.
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
