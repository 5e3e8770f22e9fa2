package database_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/stretchr/testify/require"

	"corral/internal/clock"
	"corral/internal/database"
)

func newReadiness() *database.Readiness {
	return &database.Readiness{Migrations: migrations, Clocks: database.Clocks{Node: new(clock.Clock), Database: new(clock.Clock)}}
}

func check(t *testing.T, db *pop.Connection) error {
	return newReadiness().Check(t.Context(), db)
}

func TestReadiness(t *testing.T) {
	db := migrated(t)
	require.NoError(t, check(t, db))
	missing, unknown, err := database.CompareSchema(t.Context(), db, migrations)
	require.NoError(t, err)
	require.Empty(t, missing)
	require.Empty(t, unknown)
	require.NoError(t, examineSchema(t, db))
}

func examineSchema(t *testing.T, db *pop.Connection) error {
	return database.ExamineSchema(t.Context(), db, migrations, "migrate")
}

func TestReadiness_MissingMigration(t *testing.T) {
	const oldest = "20260101000000"
	db := migrated(t)
	exec(t, db, "DELETE FROM schema_migration WHERE version = ?", oldest)
	require.EqualError(t, check(t, db), "migrations are missing: "+oldest)
	require.EqualError(t, examineSchema(t, db), "missing: "+oldest+"; migrate, or start the app")
}

func TestReadiness_AllowsNewerDatabases(t *testing.T) {
	db := migrated(t)
	exec(t, db, "INSERT INTO schema_migration (version) VALUES ('29990101000000')")
	require.NoError(t, check(t, db))
	_, unknown, err := database.CompareSchema(t.Context(), db, migrations)
	require.NoError(t, err)
	require.Equal(t, []string{"29990101000000"}, unknown)
	require.ErrorContains(t, examineSchema(t, db), "the database is newer than this release (migration 29990101000000)")
	exec(t, db, "DROP TABLE schema_migration")
	require.ErrorContains(t, examineSchema(t, db), "there is no schema yet: migrate (")
}

func TestReadiness_DatabaseDoesNotAnswer(t *testing.T) {
	db := migrated(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Error(t, newReadiness().Check(ctx, db))
}

// oneConnection limits db to one connection.
func oneConnection(db *pop.Connection) *pop.Connection {
	db.Store.(interface{ SetMaxOpenConns(int) }).SetMaxOpenConns(1)
	return db
}

// PRAGMA data_version changes when another connection has committed a write.
func TestReadiness_CommitsAWriteEveryFiveSeconds(t *testing.T) {
	url := databaseURL(t)
	db, other := open(t, url), oneConnection(open(t, url))
	require.NoError(t, database.Migrate(db, migrations))
	version := func() (v string) {
		query := "SELECT data_version FROM pragma_data_version"
		if onPostgres() {
			query = "SELECT string_agg(xmin::text, ' ') FROM schema_migration"
		}
		require.NoError(t, other.Store.Get(&v, query))
		return v
	}
	r := newReadiness()
	for range 3 {
		before := version()
		require.NoError(t, r.Check(t.Context(), db))
		first := version()
		require.NotEqual(t, before, first)
		require.NoError(t, r.Check(t.Context(), db))
		require.Equal(t, first, version(), "the second Check writes nothing")
		r.Age(5 * time.Second)
	}
}

func TestReadiness_DatabaseCannotBeWritten(t *testing.T) {
	db := oneConnection(migrated(t))
	forbid, remedy := "PRAGMA query_only = ON", ""
	if onPostgres() {
		forbid, remedy = "SET default_transaction_read_only = on", ": check DATABASE_URL; is the server a standby?"
	}
	require.NoError(t, database.Examine(t.Context(), db))
	exec(t, db, forbid)
	for _, err := range []error{check(t, db), database.Examine(t.Context(), db)} {
		require.ErrorContains(t, err, "the database cannot be written: ")
		require.ErrorContains(t, err, remedy)
		require.True(t, database.Unavailable(err))
	}
}

// pg_restore as another role makes that role the owner of all tables.
func TestExamine_TablesOfAnotherRole(t *testing.T) {
	if !onPostgres() {
		return
	}
	url := databaseURL(t)
	db := open(t, url)
	require.NoError(t, database.Migrate(db, migrations))
	exec(t, db, "CREATE ROLE reader")
	t.Cleanup(func() { exec(t, db, "DROP OWNED BY reader; DROP ROLE reader") })
	reader := open(t, url+"&role=reader")
	exec(t, db, "GRANT SELECT, UPDATE ON schema_migration TO reader")
	const remedy = ": make the role of DATABASE_URL the owner of the database and of all tables, or restore its grants"
	require.EqualError(t, database.Examine(t.Context(), reader), "the role may not read and write notes"+remedy)
	exec(t, db, "GRANT SELECT, INSERT, UPDATE, DELETE ON notes TO reader")
	exec(t, db, "CREATE TABLE of_extension (); ALTER EXTENSION plpgsql ADD TABLE of_extension")
	require.NoError(t, database.Examine(t.Context(), reader))
	exec(t, db, "REVOKE ALL ON schema_migration FROM reader")
	require.ErrorContains(t, database.Examine(t.Context(), reader), "may not read and write schema_migration")
	for _, err := range []error{examineSchema(t, reader), database.Migrate(reader, migrations)} {
		require.ErrorContains(t, err, "permission denied for table schema_migration")
		require.ErrorContains(t, err, remedy)
	}
}

// Since PostgreSQL 15, a role may create tables only in a database that it owns.
func TestMigrate_DatabaseOfAnotherRole(t *testing.T) {
	if !onPostgres() {
		return
	}
	url := databaseURL(t)
	db := open(t, url)
	exec(t, db, "CREATE ROLE writer")
	t.Cleanup(func() { exec(t, db, "DROP ROLE writer") })
	err := database.Migrate(open(t, url+"&role=writer"), migrations)
	require.ErrorContains(t, err, "permission denied for schema public")
	require.ErrorContains(t, err, ": make the role of DATABASE_URL the owner of the database and of all tables, or restore its grants")
	require.NotContains(t, err.Error(), "\n")
}

// Check passes if it does not read a damaged page.
func TestExamine_DamagedPages(t *testing.T) {
	url := newDatabase(t, "")
	db := open(t, url)
	require.NoError(t, database.Examine(t.Context(), db), "without a schema")
	require.NoError(t, database.Migrate(db, migrations))
	require.NoError(t, db.Transaction(func(tx *pop.Connection) error {
		for id := range 2000 {
			exec(t, tx, "INSERT INTO notes (id, text) VALUES (?, ?)", id, fmt.Sprint(id))
		}
		return nil
	}))
	require.NoError(t, database.Examine(t.Context(), db))
	require.NoError(t, db.Close())

	path := strings.TrimPrefix(url, "sqlite3://")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	copy(content[len(content)-8192:], bytes.Repeat([]byte("torn"), 2048))
	require.NoError(t, os.WriteFile(path, content, 0o600))
	damaged := open(t, url)
	require.NoError(t, check(t, damaged))
	require.ErrorContains(t, database.Examine(t.Context(), damaged), "the database is damaged, restore a backup and remove the old -wal and -shm files: ")
}
