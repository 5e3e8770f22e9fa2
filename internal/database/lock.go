package database

import (
	"context"
	"fmt"
	"hash/fnv"

	"github.com/gobuffalo/pop/v6"
)

// WithLock runs fn while no other node holds the named lock, which a transaction of
// its own holds until fn returns or ctx ends. On SQLite, which has one node, it
// only runs fn.
func WithLock(ctx context.Context, db *pop.Connection, name string, fn func() error) error {
	return locked(ctx, db, "SELECT true FROM pg_advisory_xact_lock($1)", name, fn)
}

// TryLock is WithLock, but returns nil without running fn if another node holds the
// lock.
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
