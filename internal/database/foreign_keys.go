package database

import (
	"context"
	"fmt"

	"github.com/gobuffalo/pop/v6"
)

// withoutForeignKeys passes fn a connection on which SQLite does not enforce foreign keys.
// To change or drop a column, fizz copies the table and drops the original. With foreign
// keys, that would delete all rows that refer to the table, such as all sessions of users.
func withoutForeignKeys(db *pop.Connection, fn func(db *pop.Connection) error) error {
	if db.Dialect.Name() == "postgres" {
		return fn(db)
	}
	details := sqliteDetails(sqliteFile(db))
	details.Options["_fk"] = "false"
	lax, err := pop.NewConnection(details)
	if err == nil {
		err = lax.Open()
	}
	if err != nil {
		return unopened(err)
	}
	defer lax.Close()
	return fn(lax)
}

// checkForeignKeys returns an error if a row of a SQLite database refers to a missing row.
func checkForeignKeys(ctx context.Context, db *pop.Connection) error {
	if db.Dialect.Name() == "postgres" {
		return nil
	}
	var wrong []struct{ Child, Parent string }
	const query = `SELECT DISTINCT "table" AS child, parent FROM pragma_foreign_key_check LIMIT 1`
	if err := db.Store.SelectContext(ctx, &wrong, query); err != nil {
		return fmt.Errorf("foreign keys cannot be checked: %w", err)
	}
	for _, w := range wrong {
		return fmt.Errorf("a migration, during which foreign keys are off, left rows of %s that refer to missing rows of %s: "+
			"delete these, or restore a backup", w.Child, w.Parent)
	}
	return nil
}
