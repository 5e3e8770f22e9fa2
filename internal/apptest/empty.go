package apptest

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/gobuffalo/pop/v6"
)

// Empty deletes all rows except the list of migrations. Foreign keys may form
// cycles.
func Empty(t testing.TB, db *pop.Connection) {
	t.Helper()
	// go test shows a cached result until a variable that a test reads has changed. A
	// variable that TestMain reads does not count.
	os.Getenv("TEST_DATABASE_URL")
	empty := emptySQLite
	if db.Dialect.Name() == "postgres" {
		empty = emptyPostgres
	}
	if err := db.Transaction(empty); err != nil {
		t.Fatal("emptying the database: ", err)
	}
}

// emptyPostgres deletes all rows in one statement, which checks foreign keys at its end
// and takes 1 ms (TRUNCATE: 20 ms). It skips partitions, which are emptied with their
// partitioned table, and tables of extensions, which hold reference data.
func emptyPostgres(tx *pop.Connection) error {
	var tables []string
	err := tx.Store.Select(&tables, `
		SELECT oid::regclass::text FROM pg_class
		WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> $1
		AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')`, tx.MigrationTableName())
	if err != nil || len(tables) == 0 {
		return err
	}
	var deletes []string
	for n, table := range tables {
		deletes = append(deletes, fmt.Sprintf("t%d AS (DELETE FROM %s)", n, table))
	}
	return tx.RawQuery("WITH " + strings.Join(deletes, ", ") + " SELECT 1").Exec()
}

// emptySQLite defers the check of foreign keys to the commit. ON DELETE RESTRICT
// cannot be deferred, so emptySQLite retries the tables that SQLite refused to empty.
func emptySQLite(tx *pop.Connection) error {
	var tables []string
	err := tx.Store.Select(&tables, `SELECT name FROM pragma_table_list
		WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' AND name <> ?`, tx.MigrationTableName())
	if err != nil {
		return err
	}
	if err := tx.RawQuery("PRAGMA defer_foreign_keys = ON").Exec(); err != nil {
		return err
	}
	for len(tables) > 0 {
		var refused []string
		for _, table := range tables {
			if err = tx.RawQuery("DELETE FROM " + tx.Dialect.Quote(table)).Exec(); err != nil {
				refused = append(refused, table)
			}
		}
		if len(refused) == len(tables) {
			return err
		}
		tables = refused
	}
	return nil
}
