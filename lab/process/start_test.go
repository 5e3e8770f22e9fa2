package process

import (
	"bytes"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
	"corral/lab/services"
)

// oneLineRefusal is refusal for a process that must print a single line.
func oneLineRefusal(t *testing.T, dir string, env []string, args ...string) string {
	t.Helper()
	text := refusal(t, dir, env, args...)
	line, rest, _ := strings.Cut(text, "\n")
	require.Empty(t, rest, "one plain line")
	require.NotContains(t, line, "\t")
	return line
}

func TestStart_RestartKeepsSecretAndAccounts(t *testing.T) {
	dir := t.TempDir()
	passwords := seed(t, dir)
	var secrets [][]byte
	for range 2 {
		p := start(t, dir)
		require.Equal(t, 303, p.logIn(p.browser(), "ada@example.com", passwords["ada@example.com"]))
		secret, err := os.ReadFile(filepath.Join(dir, "storage", "development.secret"))
		require.NoError(t, err)
		secrets = append(secrets, secret)
		p.Stop()
	}
	require.Equal(t, secrets[0], secrets[1], "a restart logs no user out")
}

func TestStart_SecondProcessDoesNotDisturbTheFirst(t *testing.T) {
	dir := t.TempDir()
	first := start(t, dir)
	_, port, err := net.SplitHostPort(strings.TrimPrefix(first.URL, "http://"))
	require.NoError(t, err)
	require.Contains(t, oneLineRefusal(t, dir, []string{"PORT=" + port}), "cannot listen on")
	status, _ := first.Get("/welcome")
	require.Equal(t, 200, status)
}

func TestStart_DamagedFileIsNotChanged(t *testing.T) {
	intact := t.TempDir()
	seed(t, intact)
	database, err := os.ReadFile(filepath.Join(intact, "storage", "development.sqlite"))
	require.NoError(t, err)
	damaged := append(bytes.Clone(database[:4096]), bytes.Repeat([]byte("torn"), 1024)...)
	for name, content := range map[string][]byte{
		"noise":   bytes.Repeat([]byte("no database "), 999),
		"damaged": damaged, // after a valid first page
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "x.sqlite")
		require.NoError(t, os.WriteFile(path, content, 0o600))
		line := oneLineRefusal(t, dir, []string{"DATABASE_URL=sqlite3://x.sqlite", "PORT=" + binary.FreePort(t)})
		require.Regexp(t, "database|migration", line, name)
		after, err := os.ReadFile(path)
		require.NoError(t, err)
		require.True(t, bytes.Equal(content, after), name)
	}
}

func TestStart_UnreadableDatabaseIsNotReplaced(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.sqlite")
	require.NoError(t, os.WriteFile(path, nil, 0o000))
	p := command(t, dir, []string{"DATABASE_URL=sqlite3://x.sqlite", "SESSION_SECRET=" + binary.Secret, "PORT=" + binary.FreePort(t)})
	if os.Geteuid() == 0 { // root may read everything, so the app runs as nobody
		require.NoError(t, os.Chmod(filepath.Dir(binary.Path(t)), 0o755))
		require.NoError(t, os.Chmod(dir, 0o755))
		require.NoError(t, os.Chmod(filepath.Dir(dir), 0o755))
		p.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	require.IsType(t, new(exec.ExitError), p.Run())
	require.Equal(t, 1, p.ProcessState.ExitCode())
	require.Contains(t, p.Err.String(), "the database cannot be opened: DATABASE_URL names the file x.sqlite (permission denied): start the app as its owner, or give the file to the app's user with chown, then chmod 600 it\n")
	require.Equal(t, 1, strings.Count(p.Err.String(), "\n"), p.Err.String())
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Zero(t, info.Size())
}

func TestStart_NewerDatabaseKeepsAccounts(t *testing.T) {
	dir := t.TempDir()
	passwords := seed(t, dir)
	database := sqlite(dir, "storage/development.sqlite")
	services.Execute(t, database, "INSERT INTO schema_migration (version) VALUES ('29990101000000')")
	for _, args := range [][]string{nil, {"task", "db:migrate"}, {"task", "db:seed"}, {"task", "user:create", "dora@example.com"}} {
		require.Contains(t, oneLineRefusal(t, dir, []string{"PORT=" + binary.FreePort(t)}, args...), "the database is newer than this release")
	}
	services.Execute(t, database, "DELETE FROM schema_migration WHERE version = '29990101000000'")
	p := start(t, dir)
	require.Equal(t, 303, p.logIn(p.browser(), "bob@example.com", passwords["bob@example.com"]))
}

func TestDevelopment_WarnsIfHOSTIsHTTPS(t *testing.T) {
	const warning = `level=WARN event="GO_ENV is missing" error="GO_ENV is missing, so the app runs in development: set it to production"`
	const https = "HOST=https://127.0.0.1"
	for _, c := range []struct {
		env      []string
		warnings int
	}{{[]string{https}, 1}, {nil, 0}, {[]string{https, "GO_ENV=development"}, 0}} {
		p := start(t, t.TempDir(), c.env...)
		p.Stop()
		require.Equal(t, c.warnings, strings.Count(p.Out.String(), warning), p.Out.String())
	}
}

func TestProduction_LogsJSONOnStdout(t *testing.T) {
	p := start(t, t.TempDir(), binary.Production()...)
	p.Get("/welcome")
	p.Get("/nothing")
	p.Stop()
	lines := strings.Split(strings.TrimSpace(p.Out.String()), "\n")
	require.GreaterOrEqual(t, len(lines), 3, "the start, and two requests")
	for _, line := range lines {
		require.True(t, json.Valid([]byte(line)), line)
		require.NotContains(t, line, `"error"`, "a stop is not an error")
		require.NotContains(t, line, "closed network connection")
	}
	require.Regexp(t, `"event":"listening","address":"127\.0\.0\.1:\d+","public_url":"https://127\.0\.0\.1"`, p.Out.String())
	require.Empty(t, p.Err.String())
}

// Another transaction holds a lock that the first migration needs.
func TestProduction_LogsJSONWhileAMigrationWaits(t *testing.T) {
	server := services.Server(t)
	database := services.NewDatabase(t, server)
	other, err := services.OpenDatabase(t, database).Begin()
	require.NoError(t, err)
	defer other.Rollback()
	_, err = other.Exec("CREATE TABLE users (id int)")
	require.NoError(t, err)
	p := binary.Launch(t, t.TempDir(), binary.Production("DATABASE_URL="+database)...)
	require.Eventually(t, func() bool { return strings.Contains(p.Out.String(), `"event":"migration waits"`) }, time.Minute, 100*time.Millisecond, &p.Err)
	require.NoError(t, other.Rollback())
	p.AwaitReady()
	p.Stop()
	require.Empty(t, p.Err.String())
}

func TestProduction_WritesOnlyPrivateFilesInStorage(t *testing.T) {
	dir := t.TempDir()
	home := t.TempDir() // Buffalo's packages create empty folders in HOME
	p := start(t, dir, binary.Production("HOME="+home)...)
	p.Stop()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	files, err := os.ReadDir(filepath.Join(dir, "storage"))
	require.NoError(t, err)
	for _, file := range files {
		require.True(t, strings.HasPrefix(file.Name(), "production.sqlite"), file.Name())
		info, err := file.Info()
		require.NoError(t, err)
		require.Zero(t, info.Mode().Perm()&0o077, "%s is readable by others", file.Name())
	}
}

func TestCommandLine_ErrorsAreOneLine(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{{"serve"}, {"--version"}, {"task", "nope"}, {"task", "user:create"}, {"task", "user:create", "x\ny"}} {
		require.NotEmpty(t, oneLineRefusal(t, dir, nil, args...))
	}
	require.NoFileExists(t, filepath.Join(dir, "storage", "development.sqlite"), "a typo creates no database")
}
