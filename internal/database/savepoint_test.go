package database_test

import (
	"errors"
	"testing"

	"github.com/gobuffalo/pop/v6"
	"github.com/stretchr/testify/require"

	"corral/internal/database"
)

func TestUndone_WithinAnother(t *testing.T) {
	db := migrated(t)
	require.NoError(t, db.Transaction(func(tx *pop.Connection) error {
		return database.Undone(tx, func(tx *pop.Connection) error {
			exec(t, tx, "INSERT INTO notes (id, text) VALUES (1, 'outer')")
			return database.Undone(tx, func(tx *pop.Connection) error {
				exec(t, tx, "INSERT INTO notes (id, text) VALUES (2, 'inner')")
				return nil
			})
		})
	}))
	require.Empty(t, notes(t, db))
}

func TestUndone_RollsBackItsWritesOnly(t *testing.T) {
	db := migrated(t)
	require.NoError(t, db.Transaction(func(tx *pop.Connection) error {
		exec(t, tx, "INSERT INTO notes (id, text) VALUES (1, 'before')")
		for range 2 {
			require.NoError(t, database.Undone(tx, func(tx *pop.Connection) error {
				exec(t, tx, "INSERT INTO notes (id, text) VALUES (2, 'undone')")
				return nil
			}))
		}
		exec(t, tx, "INSERT INTO notes (id, text) VALUES (3, 'after')")
		return nil
	}))
	require.Equal(t, []string{"before", "after"}, notes(t, db))
	want := errors.New("no")
	require.ErrorIs(t, db.Transaction(func(tx *pop.Connection) error {
		return database.Undone(tx, func(*pop.Connection) error { return want })
	}), want)
}
