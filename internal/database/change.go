package database

import (
	"errors"
	"fmt"

	"github.com/gobuffalo/pop/v6"
)

// Change runs a statement and returns the number of rows that it changed. An error
// says what failed.
func Change(tx *pop.Connection, what, statement string, args ...any) (changed int, err error) {
	changed, err = tx.RawQuery(statement, args...).ExecWithCount()
	return changed, Wrap(what, err)
}

// Wrap prefixes an error with what failed. It returns nil for nil.
func Wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// Replace returns with if err is old, and err otherwise.
func Replace(err, old, with error) error {
	if errors.Is(err, old) {
		return with
	}
	return err
}

// RowLock returns the end of a SELECT that locks its rows, such as " FOR SHARE" for
// SHARE, in PostgreSQL. In SQLite, which has one writer at a time, it is "".
func RowLock(tx *pop.Connection, lock string) string {
	if tx.Dialect.Name() != "postgres" {
		return ""
	}
	return " FOR " + lock
}
