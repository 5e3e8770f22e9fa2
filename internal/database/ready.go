package database

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"time"

	"github.com/gobuffalo/pop/v6"
)

const (
	readyTimeout = 2 * time.Second
	writeEvery   = 5 * time.Second
)

// Readiness checks whether a node can serve requests.
type Readiness struct {
	Migrations fs.FS
	Clocks     Clocks

	mutex   sync.Mutex
	db      *pop.Connection // the database of the last write
	written time.Time
}

// Check returns nil if, within two seconds, db answers, has all migrations, has nearly
// the node's time and commits a write, and if its SQLite file is still the one that Open
// opened. Reading does not reveal a full disk or a standby server, and a write that is
// rolled back may not reveal a full disk. Check writes at most every five seconds.
func (r *Readiness) Check(ctx context.Context, db *pop.Connection) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	if err := checkNotReplaced(db); err != nil {
		return err
	}
	if err := CheckSchema(ctx, db, r.Migrations); err != nil {
		return err
	}
	if _, err := r.Clocks.Compare(ctx, db); err != nil {
		return err
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.db == db && time.Since(r.written) < writeEvery {
		return nil
	}
	if err := write(ctx, db); err != nil {
		return err
	}
	r.db, r.written = db, time.Now()
	return nil
}

// write commits an update that changes nothing, of a table that no request uses. It begins a
// transaction: a pooler may refuse that.
func write(ctx context.Context, db *pop.Connection) error {
	table := db.MigrationTableName()
	err := InTransaction(db.WithContext(ctx), func(tx *pop.Connection) error {
		return tx.RawQuery("UPDATE " + table + " SET version = version WHERE version = (SELECT MIN(version) FROM " + table + ")").Exec()
	})
	if err != nil {
		return fmt.Errorf("the database cannot be written: %w%s", err, remedy(err))
	}
	return nil
}

// Examine returns an error if SQLite's quick_check finds damage, if a row refers to a
// missing row, or if the database cannot be written or has tables that the role may not use.
func Examine(ctx context.Context, db *pop.Connection) error {
	if db.Dialect.Name() != "postgres" {
		var found []string
		if err := db.Store.SelectContext(ctx, &found, "PRAGMA quick_check(1)"); err != nil {
			found = []string{err.Error()}
		}
		if found[0] != "ok" {
			return fmt.Errorf("the database is damaged, restore a backup and remove the old -wal and -shm files: %s", strings.Join(strings.Fields(found[0]), " "))
		}
	}
	if err := checkForeignKeys(ctx, db); err != nil { // Migrate reports it only once
		return err
	}
	if err := checkRights(ctx, db); err != nil {
		return err
	}
	var applied int
	if err := db.Store.GetContext(ctx, &applied, "SELECT count(*) FROM "+db.MigrationTableName()); err != nil {
		return nil // CheckSchema reports a missing table
	}
	return write(ctx, db)
}

// checkRights returns an error if PostgreSQL refuses the role statements on tables, for
// example because another role restored them. Only migrations insert into the table of migrations.
func checkRights(ctx context.Context, db *pop.Connection) error {
	if db.Dialect.Name() != "postgres" {
		return nil
	}
	var refused []string
	err := db.Store.SelectContext(ctx, &refused, `
		SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
		AND NOT (has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'UPDATE')
			AND (relname = $1 OR has_table_privilege(oid, 'INSERT') AND has_table_privilege(oid, 'DELETE')))
		AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e') -- of an extension
		ORDER BY relname`, db.MigrationTableName())
	if err != nil {
		return fmt.Errorf("asking for the rights of the role: %w", err)
	}
	if len(refused) > 0 {
		return fmt.Errorf("the role may not read and write %s%s", strings.Join(refused, ", "), ownTables)
	}
	return nil
}

// CheckSchema returns an error if a migration is missing. Unknown migrations are
// allowed: in a rolling update, nodes of the former release still serve after the
// first new node has migrated.
func CheckSchema(ctx context.Context, db *pop.Connection, migrations fs.FS) error {
	missing, _, err := CompareSchema(ctx, db, migrations)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return fmt.Errorf("migrations are missing: %s", strings.Join(missing, ", "))
	}
	return nil
}

// ExamineSchema returns an error, with a remedy, unless exactly the migrations are
// applied. migrate says how to apply them.
func ExamineSchema(ctx context.Context, db *pop.Connection, migrations fs.FS, migrate string) error {
	missing, unknown, err := CompareSchema(ctx, db, migrations)
	switch {
	case isForbidden(err):
		return fmt.Errorf("%w%s", err, ownTables)
	case err != nil:
		return fmt.Errorf("there is no schema yet: %s (%w)", migrate, err)
	case len(unknown) > 0:
		return newer(missing, unknown)
	case len(missing) > 0:
		return fmt.Errorf("missing: %s; %s, or start the app", strings.Join(missing, ", "), migrate)
	}
	return nil
}
