package database_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"corral/internal/database"
)

func TestBackup_NeverReplacesAFile(t *testing.T) {
	db := open(t, newDatabase(t, ""))
	existing := filepath.Join(t.TempDir(), "existing")
	for _, content := range []string{"precious", ""} {
		require.NoError(t, os.WriteFile(existing, []byte(content), 0o600))
		require.ErrorContains(t, database.Backup(t.Context(), db, "", existing), "the backup cannot be written: open "+existing+": file exists")
		kept, err := os.ReadFile(existing)
		require.NoError(t, err)
		require.Equal(t, content, string(kept))
	}
	require.ErrorContains(t, database.Backup(t.Context(), db, "", "nowhere/at/all"), "the backup cannot be written")
}

// The copy must not contain the bytes of deleted rows. The database may lack tables that
// only a later release has.
func TestBackup_WithoutTables(t *testing.T) {
	db := open(t, newDatabase(t, ""))
	require.NoError(t, database.Migrate(db, migrations))
	exec(t, db, "CREATE TABLE secrets (text VARCHAR(99))")
	for range 99 {
		exec(t, db, "INSERT INTO secrets (text) VALUES ('to be forgotten')")
	}
	exec(t, db, "INSERT INTO notes (id, text) VALUES (1, 'to be kept')")
	path := filepath.Join(t.TempDir(), "it's 100% a copy#1?") // ' has a meaning in SQL; %, # and ? have one in URLs
	require.NoError(t, database.Backup(t.Context(), db, "", path, "secrets", "of_a_later_release"))
	require.Equal(t, []string{"to be kept"}, notes(t, db))

	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NotContains(t, string(content), "forgotten")
	files, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, files, 1)
	plain := strings.TrimSuffix(path, "?") // in DATABASE_URL, parameters follow a ?
	require.NoError(t, os.Rename(path, plain))
	restored := open(t, "sqlite3://"+plain)
	require.Equal(t, []string{"to be kept"}, notes(t, restored))
	rows, err := restored.Count("secrets")
	require.NoError(t, err)
	require.Zero(t, rows)
}

func TestBackup_FailureLeavesNoFile(t *testing.T) {
	db := open(t, newDatabase(t, ""))
	path := filepath.Join(t.TempDir(), "copy")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, database.Backup(ctx, db, "", path), context.Canceled)
	require.NoFileExists(t, path)
	require.NoFileExists(t, path+".part")
}

// whenAsked calls a function whenever a statement asks whether its context ended.
type whenAsked struct {
	context.Context
	call func()
}

func (w whenAsked) Done() <-chan struct{} {
	w.call()
	return w.Context.Done()
}

// Prevents a restore of live sessions: a copy that is cut off still has them.
func TestBackup_CutOffLooksUnfinished(t *testing.T) {
	db := open(t, newDatabase(t, ""))
	exec(t, db, "CREATE TABLE secrets (text VARCHAR(99))")
	exec(t, db, "INSERT INTO secrets (text) VALUES ('to be forgotten')")
	path := filepath.Join(t.TempDir(), "copy")
	var statements atomic.Int32
	ctx := whenAsked{t.Context(), func() { // also by a goroutine of the driver, perhaps at the end
		statements.Add(1)
		content, _ := os.ReadFile(path)
		assert.False(t, strings.Contains(string(content), "forgotten"), "the file has the row")
	}}
	require.NoError(t, database.Backup(ctx, db, "", path, "secrets"))
	require.NotZero(t, statements.Load())
	require.FileExists(t, path)
}

func TestBackup_LeavesTheCopyOfAnother(t *testing.T) {
	db := open(t, newDatabase(t, ""))
	path := filepath.Join(t.TempDir(), "copy")
	require.NoError(t, os.WriteFile(path+".part", []byte("half"), 0o600))
	require.EqualError(t, database.Backup(t.Context(), db, "", path),
		"the backup cannot be written: open "+path+".part: file exists: remove it, unless another backup writes it now")
	kept, err := os.ReadFile(path + ".part")
	require.NoError(t, err)
	require.Equal(t, "half", string(kept))
	require.NoFileExists(t, path)
}

func TestBackup_RefusesPostgres(t *testing.T) {
	if !onPostgres() {
		return
	}
	path := filepath.Join(t.TempDir(), "copy")
	err := database.Backup(t.Context(), open(t, databaseURL(t)), "postgres://ada:hunter2@db/corral", path, "sessions")
	require.ErrorContains(t, err, "this database is PostgreSQL, whose own tool backs it up: ")
	require.ErrorContains(t, err, ": "+database.DumpCommand("postgres://ada:hunter2@db/corral", path, "sessions"))
	require.NotContains(t, err.Error(), "hunter2")
	require.NoFileExists(t, path)
}

// Every user of the machine can read the arguments of a command.
func TestDumpCommand_HasNoPassword(t *testing.T) {
	for url, want := range map[string]string{
		"postgres://ada:hunter2@db:5433/corral?sslmode=verify-full": "postgres://ada@db:5433/corral?sslmode=verify-full&sslrootcert=system",
		"postgres://ada:hunter2@db:5433/corral?sslmode=verify-ca":   "postgres://ada@db:5433/corral?sslmode=verify-ca",
		"postgres:///corral?host=/run&user=ada&password=hunter2":    "postgres:///corral?host=%2Frun&user=ada",
		"postgres://db/corral?sslmode=require&sslpassword=hunter2&default_query_exec_mode=exec&pool_max_conns=9&statement_cache_capacity=0&search_path=x": "postgres://db/corral?sslmode=require",
		"postgres://db/corral?application_name=my+app&options=-c%20search_path%3Da%2Bb":                                                                   "postgres://db/corral?application_name=my%20app&options=-c%20search_path%3Da%2Bb",
		"postgres://ada:hunter2%zz@db/corral": "postgres://user@host/name",
	} {
		require.Equal(t, `(umask 077 && set -C && pg_dump --format=custom --exclude-table-data='*.sessions' --exclude-table-data='*.tokens' '`+want+`' > 'it'\''s a copy')`,
			database.DumpCommand(url, "it's a copy", "sessions", "tokens"))
	}
}
