package database_test

import (
	"errors"
	"testing"

	"github.com/gobuffalo/pop/v6"
	"github.com/stretchr/testify/require"

	"corral/internal/database"
)

func TestChange(t *testing.T) {
	db := migrated(t)
	for id, text := range []string{"a", "b", "c"} {
		exec(t, db, "INSERT INTO notes (id, text) VALUES (?, ?)", id, text)
	}
	changed, err := database.Change(db, "deleting notes", "DELETE FROM notes WHERE id < ?", 2)
	require.NoError(t, err)
	require.Equal(t, 2, changed)
	_, err = database.Change(db, "deleting notes", "DELETE FROM no_such_table")
	require.ErrorContains(t, err, "deleting notes: ")
}

func TestReplace(t *testing.T) {
	old, with := errors.New("old"), errors.New("new")
	require.Equal(t, with, database.Replace(database.Wrap("reading", old), old, with))
	require.NoError(t, database.Replace(old, old, nil))
	require.Equal(t, with, database.Replace(with, old, nil))
	require.NoError(t, database.Replace(nil, old, with))
}

func TestWrap(t *testing.T) {
	require.NoError(t, database.Wrap("reading", nil))
	cause := errors.New("no such table")
	err := database.Wrap("reading", cause)
	require.EqualError(t, err, "reading: no such table")
	require.ErrorIs(t, err, cause)
}

func TestRowLock(t *testing.T) {
	db := migrated(t)
	exec(t, db, "INSERT INTO notes (id, text) VALUES (1, 'a')")
	require.NoError(t, db.Transaction(func(tx *pop.Connection) error {
		var ids []int
		err := tx.RawQuery("SELECT id FROM notes WHERE text = ?"+database.RowLock(tx, "SHARE"), "a").All(&ids)
		require.Equal(t, []int{1}, ids)
		return err
	}))
	require.Equal(t, onPostgres(), database.RowLock(db, "SHARE") == " FOR SHARE")
}
