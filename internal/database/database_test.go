package database_test

import (
	"bytes"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gobuffalo/pop/v6"
	"github.com/stretchr/testify/require"

	"corral/internal/database"
)

func TestOpen_CreatesAPrivateFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "storage", "100% #1.sqlite") // % and # have a meaning in URLs
	exec(t, open(t, "sqlite://"+path+"?x=y"), "CREATE TABLE notes (id INTEGER, text TEXT)")
	for name, mode := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		info, err := os.Stat(name)
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), name)
	}
	require.Empty(t, notes(t, open(t, "sqlite3://file:"+path)), "the same file, by another form of its name")
}

func TestOpen_LimitsThePool(t *testing.T) {
	most := map[bool]int{false: 8, true: 20}[onPostgres()]
	require.Equal(t, most, open(t, databaseURL(t)).Store.(interface{ Stats() sql.DBStats }).Stats().MaxOpenConnections)
}

func TestOpen_ErrorIsOneLineWithoutPassword(t *testing.T) {
	dir := t.TempDir()
	garbage := filepath.Join(dir, "garbage.sqlite")
	require.NoError(t, os.WriteFile(garbage, bytes.Repeat([]byte("no database "), 999), 0o600))
	for url, want := range map[string]string{
		"sqlite3://" + dir:                          "the database cannot be opened: DATABASE_URL names the folder " + dir + ": name a file in it",
		"sqlite3://" + garbage + "/x/app.sqlite":    "the database cannot be opened: DATABASE_URL names the file " + garbage + "/x/app.sqlite, which cannot be made (",
		"sqlite3://" + garbage:                      "the database cannot be opened: ",
		"postgres://ada:hunter2@127.0.0.1:1/none":   "the database cannot be opened: ",
		"postgres://ada:hunter2%zz@127.0.0.1/none":  "DATABASE_URL is not understood: ",
		"nonsense://ada:hunter2@127.0.0.1:1/none":   "DATABASE_URL is not understood: ",
		"postgres://ada:hunter2@127.0.0.1:1/no?a=%": "",
	} {
		_, err := database.Open(url)
		require.ErrorContains(t, err, want, url)
		require.NotContains(t, err.Error(), "hunter2", url)
		require.NotContains(t, strings.TrimSpace(err.Error()), "\n", url)
	}
}

func TestOpen_ErrorsHaveRemedies(t *testing.T) {
	dir := t.TempDir()
	foreign, damaged := filepath.Join(dir, "foreign"), filepath.Join(dir, "damaged")
	require.NoError(t, os.WriteFile(foreign, bytes.Repeat([]byte("no database "), 999), 0o600))
	db := open(t, "sqlite3://"+damaged)
	exec(t, db, "CREATE TABLE notes (id INTEGER, text TEXT)")
	exec(t, db, "PRAGMA wal_checkpoint(TRUNCATE)")
	require.NoError(t, db.Close())
	content, err := os.ReadFile(damaged)
	require.NoError(t, err)
	// The first 100 bytes are SQLite's header.
	copy(content[100:4096], strings.Repeat("torn", 1024))
	require.NoError(t, os.WriteFile(damaged, content, 0o600))
	urls := map[string]string{
		"sqlite3://" + foreign:              ": check DATABASE_URL, or restore a backup",
		"sqlite3://" + damaged:              ": the file is damaged, restore a backup and remove the old -wal and -shm files",
		"postgres://ada@127.0.0.1:1/corral": ": check DATABASE_URL; is the server up?",
	}
	if server := os.Getenv("TEST_DATABASE_URL"); server != "" {
		u, err := url.Parse(server)
		require.NoError(t, err)
		urls[u.JoinPath("..", "no_such_database").String()] = ": check DATABASE_URL, or create the database with createdb --owner=ROLE"
	}
	for url, want := range urls {
		_, err := database.Open(url)
		require.ErrorContains(t, err, want, url)
		require.True(t, strings.HasSuffix(err.Error(), want), err)
	}
}

func TestOpen_RemovedFileIsNotReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.sqlite")
	db := open(t, "sqlite3://"+path)
	require.NoError(t, os.Remove(path))
	var err error
	for range 2 { // first on the open connection, then on a new one
		var tx *pop.Connection
		if tx, err = db.NewTransaction(); err != nil {
			break
		}
		defer tx.TX.Rollback()
	}
	require.True(t, database.Unavailable(err), "%v", err)
	require.NoFileExists(t, path)
}

func TestOpenExisting_CreatesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "storage", "none.sqlite")
	_, err := database.OpenExisting("sqlite3://" + path + "?x=y")
	require.EqualError(t, err, "there is no database file "+path+": is this the right folder? Check DATABASE_URL, or create the file with `task db:migrate`")
	require.NoDirExists(t, filepath.Dir(path), "a wrong folder stays as it is")
	url := databaseURL(t)
	open(t, url)
	db, err := database.OpenExisting(url)
	require.NoError(t, err)
	require.NoError(t, db.Close())
}
