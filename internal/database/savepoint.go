package database

import (
	"fmt"

	"github.com/gobuffalo/pop/v6"
)

// Undone runs fn and rolls back its writes, but not the rest of tx, so that a request
// without effect takes as long as one with an effect. If fn fails, the caller must roll
// tx back.
func Undone(tx *pop.Connection, fn func(tx *pop.Connection) error) error {
	if err := tx.RawQuery("SAVEPOINT undone").Exec(); err != nil {
		return fmt.Errorf("setting a savepoint: %w", err)
	}
	if err := fn(tx); err != nil {
		return err
	}
	if err := tx.RawQuery("ROLLBACK TO SAVEPOINT undone").Exec(); err != nil {
		return fmt.Errorf("rolling back to a savepoint: %w", err)
	}
	// Otherwise a call around this one would roll back to this savepoint, which has its name.
	if err := tx.RawQuery("RELEASE SAVEPOINT undone").Exec(); err != nil {
		return fmt.Errorf("releasing a savepoint: %w", err)
	}
	return nil
}
