package models

import (
	"context"
	"fmt"
	"time"

	"github.com/gobuffalo/pop/v6"
)

// How long a mail is kept once it is done with, for `task user:why`.
const (
	SentMailLifetime   = 30 * 24 * time.Hour
	FailedMailLifetime = 90 * 24 * time.Hour
)

// sweepBatch is how many rows a statement changes at most: few enough that
// nobody who wants to write notices.
const sweepBatch = 500

// sweepLock is the number of the advisory lock that keeps two nodes from
// sweeping PostgreSQL at once. Any other constant than migrationLock does.
const sweepLock = 20261124

// betweenBatches lets everybody else have the database. Tests do something in it.
var betweenBatches = func(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(50 * time.Millisecond):
	}
}

// chore is one kind of rows whose time is over.
type chore struct {
	change string // what is done with them
	table  string
	which  string // found by an index
	order  string // the index's, so that it is used however many there are
	args   []any
}

// chores are all there is to do. What they remove opens nothing any more: they
// save room and keep no one's data longer than is said.
func chores(now time.Time) []chore {
	return []chore{
		{"DELETE FROM activities", "activities", "user_id IS NULL", "user_id, created_at", nil}, // tries at nobody's address
		{"DELETE FROM sessions", "sessions", "remembered = ? AND last_seen_at <= ?", "last_seen_at", []any{false, now.Add(-settings.SessionIdle)}},
		{"DELETE FROM sessions", "sessions", "remembered = ? AND created_at <= ?", "created_at", []any{false, now.Add(-settings.SessionLifetime)}},
		{"DELETE FROM sessions", "sessions", "remembered = ? AND created_at <= ?", "created_at", []any{true, now.Add(-settings.RememberLifetime)}},
		{"DELETE FROM throttles", "throttles", "forget_ms <= ?", "forget_ms", []any{now.UnixMilli()}},
		{"DELETE FROM tokens", "tokens", "expires_at <= ?", "expires_at", []any{now}}, // while one lives that undoes a change, the old address is reserved
		{"DELETE FROM devices", "devices", "expires_at <= ?", "expires_at", []any{now}},
		{"DELETE FROM activities", "activities", "created_at <= ?", "created_at", []any{now.Add(-ActivityLifetime)}},
		{"UPDATE activities SET address = network, shorten_at = NULL", "activities", "shorten_at <= ?", "shorten_at", []any{now}},
		{"DELETE FROM mails", "mails", "sent_at <= ?", "sent_at", []any{now.Add(-SentMailLifetime)}},
		{"DELETE FROM mails", "mails", "failed_at <= ?", "failed_at", []any{now.Add(-FailedMailLifetime)}},
	}
}

// Sweep removes what is dead and shortens what is old, unless another node is
// at it. It goes by batches, each a transaction of its own.
func Sweep(ctx context.Context) error {
	return withSweepLock(ctx, func() error {
		for _, c := range chores(Clock.Now()) {
			if err := c.do(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

func withSweepLock(ctx context.Context, sweep func() error) error {
	if DB.Dialect.Name() != "postgres" {
		return sweep() // SQLite has one node
	}
	return inTransaction(ctx, func(tx *pop.Connection) error {
		if err := mayIdle(tx); err != nil {
			return err
		}
		var alone bool
		if err := tx.Store.GetContext(ctx, &alone, "SELECT pg_try_advisory_xact_lock($1)", sweepLock); err != nil {
			return fmt.Errorf("the sweeping cannot be locked: %w", err)
		}
		if !alone {
			return nil
		}
		return sweep()
	})
}

func (c chore) do(ctx context.Context) error {
	for {
		done, err := DB.WithContext(ctx).RawQuery(c.statement(), c.args...).ExecWithCount()
		if err != nil {
			return fmt.Errorf("sweeping %s: %w", c.table, err)
		}
		if done < sweepBatch {
			return nil
		}
		betweenBatches(ctx)
	}
}

// statement takes a batch. On PostgreSQL rows that somebody is working with are
// left for the next time, for neither is to wait for the other; and the array
// makes it look the rows up by their ids, where it would rather read the table.
func (c chore) statement() string {
	batch := fmt.Sprintf("SELECT id FROM %s WHERE %s ORDER BY %s LIMIT %d", c.table, c.which, c.order, sweepBatch)
	if DB.Dialect.Name() == "postgres" {
		return c.change + " WHERE id = ANY(ARRAY(" + batch + " FOR UPDATE SKIP LOCKED))"
	}
	return c.change + " WHERE id IN (" + batch + ")"
}
