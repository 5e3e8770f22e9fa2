package process

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/services"
)

func TestTask_Backup_WhileTheAppRuns(t *testing.T) {
	dir := t.TempDir()
	passwords := seed(t, dir)
	p := start(t, dir)
	before := p.browser()
	require.Equal(t, 303, p.logIn(before, "ada@example.com", passwords["ada@example.com"]))
	umask := syscall.Umask(0) // new files are readable by others
	require.Contains(t, task(t, dir, nil, "db:backup", "it's a copy.sqlite"), "The database was written to it's a copy.sqlite.")
	syscall.Umask(umask)
	require.Equal(t, 200, p.home(before))

	backup := filepath.Join(dir, "it's a copy.sqlite")
	info, err := os.Stat(backup)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	db := services.OpenDatabase(t, "sqlite3://"+backup)
	for _, table := range []string{"sessions", "device_cookies", "tokens"} {
		var rows int
		require.NoError(t, db.QueryRow("SELECT count(*) FROM "+table).Scan(&rows))
		require.Zero(t, rows, table)
	}
	require.NoError(t, db.Close())
	restored := start(t, t.TempDir(), "DATABASE_URL=sqlite3://"+backup)
	require.Equal(t, 303, restored.logIn(restored.browser(), "ada@example.com", passwords["ada@example.com"]))
}

// These are the steps of docs/deploy.md.
func TestTask_Backup_CanBeRestored(t *testing.T) {
	dir := t.TempDir()
	passwords := seed(t, dir)
	before := start(t, dir)
	attacker := before.browser()
	require.Equal(t, 303, before.logIn(attacker, "bob@example.com", passwords["bob@example.com"]))
	task(t, dir, nil, "db:backup", "copy.sqlite")
	task(t, dir, nil, "sessions:end", "bob@example.com")
	before.Stop()
	task(t, dir, nil, "user:delete", "ada@example.com")
	task(t, dir, nil, "user:create", "dora@example.com")
	crashed := start(t, dir) // leaves the files -wal and -shm
	crashed.Kill()

	database := filepath.Join(dir, "storage", "development.sqlite")
	require.NoError(t, os.Rename(filepath.Join(dir, "copy.sqlite"), database))
	for _, suffix := range []string{"-wal", "-shm"} {
		require.NoError(t, os.RemoveAll(database+suffix))
	}
	p := start(t, dir, "PORT="+port(before.URL)) // the same port, which is part of the cookie's name
	require.Equal(t, 303, p.logIn(p.browser(), "ada@example.com", passwords["ada@example.com"]))
	require.Contains(t, refusal(t, dir, nil, "task", "user:delete", "dora@example.com"), "has no account")
	require.NotEqual(t, 200, p.home(attacker), "the backup does not restore an ended session")
}

func TestTask_Backup_NeverReplacesAFile(t *testing.T) {
	dir := t.TempDir()
	seed(t, dir)
	existing := filepath.Join(dir, "existing")
	for _, content := range []string{"precious", ""} {
		require.NoError(t, os.WriteFile(existing, []byte(content), 0o600))
		require.Contains(t, refusal(t, dir, nil, "task", "db:backup", "existing"), "the backup cannot be written: open existing: file exists")
		kept, err := os.ReadFile(existing)
		require.NoError(t, err)
		require.Equal(t, content, string(kept))
	}
	require.Contains(t, refusal(t, dir, nil, "task", "db:backup", "nowhere/at/all"), "the backup cannot be written")
	require.Equal(t, "usage: task db:backup FILE\n", refusal(t, dir, nil, "task", "db:backup"))
}

func TestTask_Backup_CreatesNoDatabase(t *testing.T) {
	dir := t.TempDir()
	require.Contains(t, refusal(t, dir, nil, "task", "db:backup", "copy"), "there is no database file storage/development.sqlite: is this the right folder?")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, entry := range entries {
		require.NotEqual(t, "copy", entry.Name())
	}
	require.NoFileExists(t, filepath.Join(dir, "storage", "development.sqlite"))
}

// Operators make a backup before they update.
func TestTask_Backup_DoesNotMigrate(t *testing.T) {
	dir := t.TempDir()
	services.Execute(t, sqlite(dir, "old.sqlite"), "CREATE TABLE schema_migration (version TEXT)")
	task(t, dir, []string{"DATABASE_URL=sqlite3://old.sqlite"}, "db:backup", "copy.sqlite")
	for _, name := range []string{"old.sqlite", "copy.sqlite"} {
		var migrations int
		require.NoError(t, services.OpenDatabase(t, sqlite(dir, name)).QueryRow("SELECT count(*) FROM schema_migration").Scan(&migrations))
		require.Zero(t, migrations, name)
	}
}

// The tables are in a schema that pg_dump does not search.
func TestTask_Backup_PrintsPostgresCommand(t *testing.T) {
	databaseURL := strings.Replace(services.NewDatabase(t, services.Server(t)), "postgres@", "postgres:s3cret@", 1) + "&search_path=corral"
	dir, variable := t.TempDir(), "DATABASE_URL="+databaseURL
	message := refusal(t, dir, []string{variable}, "task", "db:backup", "it's a copy")
	require.NotContains(t, message, "s3cret")
	_, line, ok := strings.Cut(strings.TrimSpace(message), "never from an argument: ")
	require.True(t, ok, message)
	require.NoFileExists(t, filepath.Join(dir, "it's a copy"))

	shell := exec.Command("sh", "-c", line)
	u, err := url.Parse(databaseURL)
	require.NoError(t, err)
	password, _ := u.User.Password()
	require.NotContains(t, line, password+"@")
	services.Execute(t, databaseURL, "CREATE SCHEMA corral")
	services.Execute(t, databaseURL, "CREATE TABLE sessions AS SELECT 'a session'::text")
	passfile := filepath.Join(dir, "pgpass")
	require.NoError(t, os.WriteFile(passfile, []byte("*:*:*:*:"+password+"\n"), 0o600))
	shell.Dir, shell.Env = dir, append(os.Environ(), "PGPASSFILE="+passfile)
	output, err := shell.CombinedOutput()
	require.NoError(t, err, string(output))
	info, err := os.Stat(filepath.Join(dir, "it's a copy"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.NotZero(t, info.Size())
	restore, err := exec.Command("pg_restore", "--file=-", filepath.Join(dir, "it's a copy")).CombinedOutput()
	require.NoError(t, err, string(restore))
	require.Contains(t, string(restore), "CREATE TABLE corral.sessions")
	require.NotContains(t, string(restore), "a session\n")

	again := exec.Command("sh", "-c", line)
	again.Dir, again.Env = dir, shell.Env
	require.Error(t, again.Run(), "the line replaces no file")
	unchanged, err := os.Stat(filepath.Join(dir, "it's a copy"))
	require.NoError(t, err)
	require.Equal(t, info.ModTime(), unchanged.ModTime())
}

// These are the steps of docs/deploy.md.
func TestTask_Backup_PostgresCanBeRestored(t *testing.T) {
	server := services.Server(t)
	dir, databaseURL := t.TempDir(), services.NewDatabase(t, server)
	variable := "DATABASE_URL=" + databaseURL
	passwords := seed(t, dir, variable)
	before := start(t, dir, variable)
	attacker := before.browser()
	require.Equal(t, 303, before.logIn(attacker, "bob@example.com", passwords["bob@example.com"]))
	_, dump, ok := strings.Cut(refusal(t, dir, []string{variable}, "task", "db:backup", "copy"), "never from an argument: ")
	require.True(t, ok)
	before.Stop()

	empty := services.NewDatabase(t, server)
	for _, line := range []string{dump, "pg_restore --no-owner --dbname='" + empty + "' copy"} {
		shell := exec.Command("sh", "-c", line)
		shell.Dir = dir
		output, err := shell.CombinedOutput()
		require.NoError(t, err, string(output))
	}
	p := start(t, dir, "DATABASE_URL="+empty, "PORT="+port(before.URL)) // the same port, which is part of the cookie's name
	require.NotEqual(t, 200, p.home(attacker), "the backup has no sessions")
	require.Equal(t, 303, p.logIn(p.browser(), "ada@example.com", passwords["ada@example.com"]))
}

func TestScript_PostgresTakesTheRowsOfSQLite(t *testing.T) {
	if _, err := exec.LookPath("sqlite3"); err != nil {
		require.False(t, services.Required("sqlite3"))
		t.Skip("needs the program sqlite3: apt-get install sqlite3")
	}
	server := services.Server(t)
	dir, databaseURL := t.TempDir(), services.NewDatabase(t, server)
	passwords := seed(t, dir)
	before := start(t, dir)
	ada := before.browser()
	require.Equal(t, 303, before.logIn(ada, "ada@example.com", passwords["ada@example.com"]))
	before.Stop()
	file := filepath.Join(dir, "storage", "development.sqlite")
	services.Execute(t, sqlite(file), `INSERT INTO mails (id, recipient, template, language, data, low_priority, resolved, attempts, last_error, created_at)
		VALUES ('01a229d3-7479-7782-82ff-6791085a5c20', 'ada@example.com', 'x', '', '"a\." 😀'||char(10), 0, '', 0, '', '2026-11-22 09:00:00.5+00:00')`)

	copyRows := func() (string, error) {
		output, err := exec.Command("sh", "../../docs/own-it/postgres.sh", file, databaseURL).CombinedOutput()
		return string(output), err
	}
	task(t, dir, []string{"DATABASE_URL=" + databaseURL}, "db:migrate")
	for range 2 { // the second time, there are rows
		output, err := copyRows()
		require.NoError(t, err, output)
	}
	services.Execute(t, sqlite(file), `UPDATE users SET email = hex(zeroblob(200)) WHERE email = 'bob@example.com'`)
	_, err := copyRows()
	require.Error(t, err, "the email is too long: the rows copied before stay")
	services.Execute(t, sqlite(file), `DELETE FROM schema_migration WHERE version = (SELECT max(version) FROM schema_migration)`)
	output, err := copyRows()
	require.Error(t, err)
	require.Contains(t, output, "the migrations differ")

	var rows int
	require.NoError(t, services.OpenDatabase(t, databaseURL).QueryRow(
		`SELECT count(*) FROM mails WHERE sealed_token IS NULL AND data = E'"a\\." 😀\n' AND created_at = '2026-11-22 09:00:00.5'`).Scan(&rows))
	require.Equal(t, 1, rows)
	p := start(t, dir, "DATABASE_URL="+databaseURL, "PORT="+port(before.URL))
	require.Equal(t, 200, p.home(ada), "the session goes on")
	require.Equal(t, 303, p.logIn(p.browser(), "bob@example.com", passwords["bob@example.com"]))
}

func port(url string) string { return url[strings.LastIndex(url, ":")+1:] }
