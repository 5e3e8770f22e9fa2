package database_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/stretchr/testify/require"

	"corral/internal/database"
)

func TestMigrate(t *testing.T) {
	db := open(t, databaseURL(t))
	for range 2 {
		require.NoError(t, database.Migrate(db, migrations))
		exec(t, db, "DROP INDEX notes_text_idx") // fails if the index is missing
		exec(t, db, "CREATE UNIQUE INDEX notes_text_idx ON notes (text)")
	}
}

func TestMigrate_LeavesNewerDatabases(t *testing.T) {
	db := migrated(t)
	exec(t, db, "DROP TABLE notes")
	exec(t, db, "INSERT INTO schema_migration (version) VALUES ('29990101000000')")
	const newer = "the database is newer than this release (migration 29990101000000): start the newer release, or restore a backup"
	for _, err := range []error{database.Migrate(db, migrations), examineSchema(t, db)} {
		require.EqualError(t, err, newer)
	}
	exec(t, db, "DELETE FROM schema_migration WHERE version = '20260101000000'")
	for _, err := range []error{database.Migrate(db, migrations), examineSchema(t, db)} {
		require.EqualError(t, err, newer+"; this may be another app's database: check DATABASE_URL")
	}
	require.Error(t, db.RawQuery("SELECT * FROM notes").Exec())
}

func TestMigrate_ErrorIsOneLineWithARemedy(t *testing.T) {
	down, err := pop.NewConnection(&pop.ConnectionDetails{URL: "postgres://ada@127.0.0.1:1/corral"})
	require.NoError(t, err)
	require.NoError(t, down.Open())
	t.Cleanup(func() { require.NoError(t, down.Close()) })
	path := filepath.Join(t.TempDir(), "app.sqlite")
	unusable := open(t, "sqlite3://"+path)
	require.NoError(t, os.Mkdir(path+"-migrations", 0o700)) // like a file of another user
	for db, want := range map[*pop.Connection]string{
		down:     ": check DATABASE_URL; is the server up?",
		unusable: ": give the database's folder and all files in it to the app's user with chown",
	} {
		err := database.Migrate(db, migrations)
		require.ErrorContains(t, err, want)
		require.True(t, strings.HasSuffix(err.Error(), want), err)
		require.NotContains(t, err.Error(), "\n")
	}
}

func TestMigrate_UpToDateNeedsNoLock(t *testing.T) {
	url := databaseURL(t)
	one := open(t, url)
	require.NoError(t, database.Migrate(one, migrations))
	if !onPostgres() {
		require.NoError(t, os.Remove(strings.TrimPrefix(url, "sqlite3://")+"-migrations"))
		require.NoError(t, os.Mkdir(strings.TrimPrefix(url, "sqlite3://")+"-migrations", 0o700)) // cannot be locked
		require.NoError(t, database.Migrate(one, migrations))
		return
	}
	other := open(t, url+"&lock_timeout=1") // a millisecond
	require.NoError(t, database.WithLock(t.Context(), one, "migrations", func() error { return database.Migrate(other, migrations) }))
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

// Changing a column keeps the rows of other tables that refer to its table.
func TestMigrate_KeepsRowsOfOtherTables(t *testing.T) {
	db := migrated(t)
	exec(t, db, "CREATE TABLE comments (note INTEGER NOT NULL REFERENCES notes (id) ON DELETE CASCADE)")
	exec(t, db, "INSERT INTO notes (id, text) VALUES (1, 'a')")
	exec(t, db, "INSERT INTO comments (note) VALUES (1)")
	next := maps.Clone(migrations)
	next["20260104000000_change_notes.up.fizz"] = &fstest.MapFile{Data: []byte(`add_column("notes", "extra", "string", {"null": true})
		change_column("notes", "text", "string", {"size": 99})`)}
	next["20260105000000_change_notes.up.fizz"] = &fstest.MapFile{Data: []byte(`drop_column("notes", "extra")`)}
	require.NoError(t, database.Migrate(db, next))
	n, err := db.Count("comments")
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Error(t, db.RawQuery("INSERT INTO comments (note) VALUES (2)").Exec(), "foreign keys are enforced")
}

// Otherwise nodes that still serve would hang as long as pg_dump runs.
func TestMigrate_StopsOtherStatementsOnlyForSeconds(t *testing.T) {
	if !onPostgres() {
		return
	}
	db := migrated(t)
	next := maps.Clone(migrations)
	next["20260104000000_change_notes.postgres.up.sql"] = &fstest.MapFile{Data: []byte("ALTER TABLE notes ADD COLUMN extra TEXT;")}
	dump, err := db.NewTransaction()
	require.NoError(t, err)
	defer dump.TX.Rollback()
	exec(t, dump, "LOCK TABLE notes IN ACCESS SHARE MODE")
	done := make(chan error, 1)
	go func() { done <- database.Migrate(db, next) }()
	waits := func() (waits bool) {
		err := db.Store.Get(&waits, "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'notes'::regclass AND NOT granted)")
		return err == nil && waits
	}
	require.Eventually(t, waits, time.Minute, 10*time.Millisecond)

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	require.NoError(t, db.WithContext(ctx).RawQuery("SELECT text FROM notes").Exec())
	require.NoError(t, dump.TX.Commit())
	require.NoError(t, <-done)
	exec(t, db, "SELECT extra FROM notes")
}

func TestMigrate_ReportsBrokenReferences(t *testing.T) {
	if os.Getenv("TEST_DATABASE_URL") != "" {
		return // PostgreSQL enforces foreign keys during migrations
	}
	db := migrated(t)
	exec(t, db, "CREATE TABLE comments (note INTEGER NOT NULL REFERENCES notes (id))")
	exec(t, db, "INSERT INTO notes (id, text) VALUES (1, 'a')")
	exec(t, db, "INSERT INTO comments (note) VALUES (1)")
	next := maps.Clone(migrations)
	next["20260104000000_delete_notes.up.sql"] = &fstest.MapFile{Data: []byte("DELETE FROM notes;")}
	const fault = "left rows of comments that refer to missing rows of notes"
	require.ErrorContains(t, database.Migrate(db, next), fault)
	require.NoError(t, database.Migrate(db, next), "no migration is missing")
	require.ErrorContains(t, database.Examine(t.Context(), db), fault)
}
