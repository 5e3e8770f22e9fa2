package database_test

import (
	"os"
	"testing"
	"testing/fstest"

	"github.com/gobuffalo/pop/v6"
	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/internal/database"
)

// migrations create a table with a unique column. One file is for both databases; then
// each database has a file of its own.
var migrations = fstest.MapFS{
	"20260101000000_create_notes.up.fizz": {Data: []byte(`create_table("notes") {
		t.Column("id", "integer", {primary: true})
		t.Column("text", "string", {})
		t.DisableTimestamps()
	}`)},
	"20260101000000_create_notes.down.fizz":      {Data: []byte(`drop_table("notes")`)},
	"20260102000000_index_notes.postgres.up.sql": {Data: []byte("CREATE UNIQUE INDEX notes_text_idx ON notes (text);")},
	"20260103000000_index_notes.sqlite3.up.sql":  {Data: []byte("CREATE UNIQUE INDEX notes_text_idx ON notes (text);")},
	"embed.go": {},
}

func databaseURL(t *testing.T) string { return newDatabase(t, os.Getenv("TEST_DATABASE_URL")) }

func newDatabase(t *testing.T, server string) string {
	t.Helper()
	url, drop, err := apptest.NewDatabase(server)
	require.NoError(t, err)
	t.Cleanup(drop)
	return url
}

func open(t *testing.T, url string) *pop.Connection {
	t.Helper()
	db, err := database.Open(url)
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

func migrated(t *testing.T) *pop.Connection {
	t.Helper()
	db := open(t, databaseURL(t))
	require.NoError(t, database.Migrate(db, migrations))
	return db
}

func exec(t *testing.T, db *pop.Connection, query string, args ...any) {
	t.Helper()
	require.NoError(t, db.RawQuery(query, args...).Exec())
}

func notes(t *testing.T, db *pop.Connection) (texts []string) {
	t.Helper()
	require.NoError(t, db.Store.Select(&texts, "SELECT text FROM notes ORDER BY id"))
	return texts
}

func onPostgres() bool { return os.Getenv("TEST_DATABASE_URL") != "" }
