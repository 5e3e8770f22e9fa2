// Package purge removes expired rows in the background, in small batches and on
// one node at a time.
//
//	janitor := purge.Start(db, clocks, logger, func(now time.Time) []purge.Rule {
//		return []purge.Rule{{Change: "DELETE FROM tokens", Table: "tokens", Where: "expires_at <= ?", Order: "expires_at", Args: []any{now}}}
//	})
//	defer janitor.Stop()
//
// Rows expire by the database's clock. A node whose own clock differs from the
// database's purges nothing: see [database.Clocks.Compare].
package purge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/gobuffalo/pop/v6"

	"corral/internal/database"
)

const (
	// Every is the pause between two purges of a node.
	Every = 10 * time.Minute
	// Batch is the maximum number of rows in one statement.
	Batch = 500
)

// Rule is one kind of expired rows, in a table with a column id.
type Rule struct {
	Change string // such as "DELETE FROM tokens"
	Table  string
	Where  string // a condition for which the table has an index
	Order  string // the columns of that index, so that the database uses it
	Args   []any
}

// DeleteRule is a Rule that deletes the rows.
func DeleteRule(table, where, order string, args ...any) Rule {
	return Rule{Change: "DELETE FROM " + table, Table: table, Where: where, Order: order, Args: args}
}

// UpdateRule is a Rule that updates the rows by set.
func UpdateRule(table, set, where, order string, args ...any) Rule {
	return Rule{Change: "UPDATE " + table + " SET " + set, Table: table, Where: where, Order: order, Args: args}
}

// Job is other work that is due at some time, such as making a change on its date.
type Job func(ctx context.Context) error

// Tests replace these.
var (
	betweenBatches = pause(50 * time.Millisecond) // lets other writers write
	betweenPurges  = pause(Every)
)

func pause(d time.Duration) func(context.Context) {
	return func(ctx context.Context) {
		select {
		case <-ctx.Done():
		case <-time.After(d):
		}
	}
}

// Run runs the jobs, and then applies the rules, with one transaction for each batch. It passes
// the database's time to rules. It goes on after an error, such as a foreign key that keeps a
// row, but after a rule that found the database unavailable it applies no other. It returns all
// errors. It does nothing while another node purges.
func Run(ctx context.Context, db *pop.Connection, clocks database.Clocks, rules func(now time.Time) []Rule, jobs ...Job) error {
	return database.TryLock(ctx, db, "purge", func() error {
		now, err := clocks.Compare(ctx, db)
		if err != nil {
			return err
		}
		var failed []error
		// First: a rule may remove, after a long outage, what a job still needs, or may exceed
		// statement_timeout in every purge.
		for _, job := range jobs {
			failed = append(failed, job(ctx))
		}
		for _, r := range rules(now) {
			_, err := r.run(ctx, db, " SKIP LOCKED") // does not wait for writers
			failed = append(failed, err)
			if database.Unavailable(err) {
				break
			}
		}
		return errors.Join(failed...)
	})
}

// RunAll applies the rule at once, even while a janitor runs, and returns the number of
// rows. It waits for locked rows, so that no expired row is left.
func (r Rule) RunAll(ctx context.Context, db *pop.Connection) (rows int, err error) {
	return r.run(ctx, db, "")
}

// run halves a batch that a foreign key refuses, until it finds the row, and goes on after it.
func (r Rule) run(ctx context.Context, db *pop.Connection, lockClause string) (rows int, err error) {
	kept := 0 // rows that a foreign key keeps
	for limit := Batch; kept < Batch; betweenBatches(ctx) {
		changed, failed := db.WithContext(ctx).RawQuery(r.statement(db.Dialect.Name(), lockClause, limit, kept), r.Args...).ExecWithCount()
		rows += changed
		switch {
		case failed == nil && changed < limit:
			return rows, err
		case failed == nil:
			limit = min(2*limit, Batch)
		case !database.BreaksForeignKey(failed):
			return rows, fmt.Errorf("purging %s: %w", r.Table, failed)
		case limit > 1:
			limit /= 2
		default:
			kept++
			err = fmt.Errorf("purging %s: %d rows stay: %w", r.Table, kept, failed)
		}
	}
	return rows, err
}

// statement returns the SQL for one batch, after the first offset rows. On PostgreSQL it
// looks rows up by an array of ids: prevents a table scan.
func (r Rule) statement(dialect, lockClause string, limit, offset int) string {
	batch := fmt.Sprintf("SELECT id FROM %s WHERE %s ORDER BY %s LIMIT %d OFFSET %d", r.Table, r.Where, r.Order, limit, offset)
	if dialect == "postgres" {
		return r.Change + " WHERE id = ANY(ARRAY(" + batch + " FOR UPDATE" + lockClause + "))"
	}
	return r.Change + " WHERE id IN (" + batch + ")"
}

// Janitor purges in the background.
type Janitor struct {
	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{}
}

// Start starts a janitor, which purges at once and then every ten minutes. The janitor
// logs a warning if the clock of the machine was set in between.
func Start(db *pop.Connection, clocks database.Clocks, logger *slog.Logger, rules func(now time.Time) []Rule, jobs ...Job) *Janitor {
	j := &Janitor{done: make(chan struct{})}
	j.ctx, j.cancel = context.WithCancel(context.Background())
	go func() {
		defer close(j.done)
		for before := readClocks(); j.ctx.Err() == nil; {
			if err := runSafely(j.ctx, db, clocks, rules, jobs); err != nil && j.ctx.Err() == nil {
				logger.Error("purge failed", "error", err.Error())
			}
			betweenPurges(j.ctx)
			now := readClocks()
			now.warnOfJump(logger, before)
			before = now
		}
	}()
	return j
}

// Stop interrupts a running purge and waits until the janitor has ended.
func (j *Janitor) Stop() {
	j.cancel()
	<-j.done
}

// runSafely is Run, but returns a panic as an error: prevents a crash of the app.
func runSafely(ctx context.Context, db *pop.Connection, clocks database.Clocks, rules func(now time.Time) []Rule, jobs []Job) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	return Run(ctx, db, clocks, rules, jobs...)
}
