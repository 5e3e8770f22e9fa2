package database_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/database"
)

func TestMigrate(t *testing.T) {
	db := open(t, databaseURL(t))
	for range 2 {
		require.NoError(t, database.Migrate(db, migrations))
		exec(t, db, "DROP INDEX notes_text") // fails if the index is missing
		exec(t, db, "CREATE UNIQUE INDEX notes_text ON notes (text)")
	}
}

func TestMigrate_LeavesNewerDatabases(t *testing.T) {
	db := migrated(t)
	exec(t, db, "DROP TABLE notes")
	exec(t, db, "DELETE FROM schema_migration WHERE version = '20260101000000'")
	exec(t, db, "INSERT INTO schema_migration (version) VALUES ('29990101000000')")
	require.ErrorContains(t, database.Migrate(db, migrations), "the database is newer than this release (migration 29990101000000)")
	require.Error(t, db.RawQuery("SELECT * FROM notes").Exec())
}

func TestMigrate_NodesTakeTurns(t *testing.T) {
	url := databaseURL(t)
	var all sync.WaitGroup
	errs := make(chan error, 8)
	for range cap(errs) {
		db := open(t, url)
		all.Go(func() { errs <- database.Migrate(db, migrations) })
	}
	all.Wait()
	for range cap(errs) {
		require.NoError(t, <-errs)
	}
}
