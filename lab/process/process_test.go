package process

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
	"corral/lab/services"
)

func TestMain(m *testing.M) { os.Exit(binary.Run(m)) }

type process struct {
	*binary.Process
	t *testing.T
}

func command(t *testing.T, dir string, env []string, args ...string) *process {
	t.Helper()
	return &process{binary.Command(t, dir, env, args...), t}
}

// start runs the app on a free port and waits until it is ready.
func start(t *testing.T, dir string, env ...string) *process {
	t.Helper()
	return &process{binary.Start(t, dir, append(env, "ADDR=127.0.0.1")...), t}
}

// refusal runs a process that must exit with status 1, and returns what the process
// prints to standard error.
func refusal(t *testing.T, dir string, env []string, args ...string) string {
	t.Helper()
	p := command(t, dir, env, args...)
	err := p.Run()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 1, exit.ExitCode(), p.Err.String())
	require.NotContains(t, p.Err.String(), "goroutine", "no panic")
	return p.Err.String()
}

// sqlite returns the URL of a SQLite database.
func sqlite(path ...string) string { return "sqlite3://" + filepath.Join(path...) }

func TestStart_FilesAreReadableByTheirOwnerOnly(t *testing.T) {
	dir := t.TempDir()
	p := start(t, dir)
	status, _ := p.Get("/welcome")
	require.Equal(t, 200, status)
	for path, mode := range map[string]os.FileMode{
		"storage": 0o700, "storage/development.sqlite": 0o600, "storage/development.secret": 0o600,
	} {
		info, err := os.Stat(filepath.Join(dir, path))
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), path)
	}
}

func TestStart_UnusableDatabaseIsOneLine(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "noise.sqlite"), bytes.Repeat([]byte("no database "), 999), 0o600))
	for _, url := range []string{"sqlite3://" + dir, "sqlite3://noise.sqlite", "postgres://nobody@127.0.0.1:1/none"} {
		line := refusal(t, dir, []string{"DATABASE_URL=" + url, "PORT=" + binary.FreePort(t)})
		require.Contains(t, line, "database", url)
		require.Equal(t, 1, strings.Count(line, "\n"), "one plain line: %s", line)
	}
}

func TestStart_RefusesANewerDatabase(t *testing.T) {
	dir := t.TempDir()
	start(t, dir).Kill()
	services.Execute(t, sqlite(dir, "storage/development.sqlite"), "INSERT INTO schema_migration (version) VALUES ('29990101000000')")
	require.Contains(t, refusal(t, dir, nil), "the database is newer than this release (migration 29990101000000)")
}

func TestStart_ServesOnPostgres(t *testing.T) {
	p := start(t, t.TempDir(), binary.Production("DATABASE_URL="+services.NewDatabase(t, services.Server(t)))...)
	status, page := p.Get("/welcome")
	require.Equal(t, 200, status, page)
}

func TestProduction_HasNothingOfDevelopment(t *testing.T) {
	p := start(t, t.TempDir(), binary.Production()...)
	for _, path := range []string{"/dev/reload", "/dev/reload.js", "/dev/mail"} {
		status, page := p.Get(path)
		require.Equal(t, 404, status, path)
		require.Contains(t, page, "There is no such page")
	}
	_, page := p.Get("/login")
	require.NotContains(t, page, "/dev/")
	require.NotContains(t, page, "reload", "no script reloads the page")
}

func TestDevelopment_ReloadsChangedFiles(t *testing.T) {
	dir := t.TempDir()
	for _, folder := range []string{"templates", "assets", "locales"} {
		require.NoError(t, os.CopyFS(filepath.Join(dir, folder), os.DirFS(filepath.Join(binary.Root(), folder))))
	}
	p := start(t, dir)
	_, page := p.Get("/welcome")
	require.Contains(t, page, `<script type="module" src="/dev/reload.js">`)

	res, err := http.Get(p.URL + "/dev/reload")
	require.NoError(t, err)
	defer res.Body.Close()
	earlier := event(t, res.Body)
	welcome := filepath.Join(dir, "templates/welcome/show.plush.html")
	for path, text := range map[string]string{
		welcome: "<h1>Changed as it runs</h1>",
		filepath.Join(dir, "assets/css/application.css"): "body { color: red }",
	} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		next := event(t, res.Body)
		require.NotEqual(t, earlier, next, "each change sends another event")
		earlier = next
	}
	_, page = p.Get("/welcome")
	require.Contains(t, page, "Changed as it runs")
	require.NoError(t, os.WriteFile(welcome, []byte("<%= broken( %>"), 0o600))
	status, page := p.Get("/welcome")
	require.Equal(t, 500, status)
	require.Contains(t, page, "welcome/show.plush.html", "development shows the faulty template")
	require.Contains(t, page, "goroutine", "development shows the stack")
	p.Stop() // ends, although the stream is open
}

// event reads the next server-sent event.
func event(t *testing.T, stream io.Reader) string {
	t.Helper()
	var text strings.Builder
	for b := make([]byte, 1); !strings.HasSuffix(text.String(), "\n\n"); {
		_, err := io.ReadFull(stream, b)
		require.NoError(t, err)
		text.Write(b)
	}
	return text.String()
}

func TestCommandLine_RefusesUnknownCommands(t *testing.T) {
	dir := t.TempDir()
	require.Contains(t, refusal(t, dir, nil, "serve"), `unknown command "serve"`)
	require.Contains(t, refusal(t, dir, nil, "task", "nope"), "nope")
	require.Contains(t, refusal(t, dir, nil, "task", "user:create"), "usage: task user:create EMAIL")
	require.Contains(t, refusal(t, dir, nil, "task", "user:create", "nobody"), "is not an email address")
	require.Contains(t, refusal(t, dir, binary.Production(), "task", "db:seed"), "db:seed is for development")
}

func TestTask_Seed_CanRunAgain(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		p := command(t, dir, nil, "task", "db:seed")
		require.NoError(t, p.Run(), p.Err.String())
		require.Contains(t, p.Out.String(), "ada@example.com")
	}
}

func TestTask_UserCreate_PrintsALink(t *testing.T) {
	dir := t.TempDir()
	p := command(t, dir, nil, "task", "user:create", " Dora@Example.com ")
	require.NoError(t, p.Run(), p.Err.String())
	require.Contains(t, p.Out.String(), "dora@example.com has an account.")
	_, link, ok := strings.Cut(strings.TrimSpace(p.Out.String()), "http://localhost:3000")
	require.True(t, ok)
	app := start(t, dir)
	status, _ := app.Get(link)
	require.Equal(t, 302, status)
	require.Contains(t, refusal(t, dir, nil, "task", "user:create", "dora@example.com"), "has an account already")
}

func TestTask_Secret_NeverRepeats(t *testing.T) {
	one, other := command(t, t.TempDir(), nil, "task", "secret"), command(t, t.TempDir(), nil, "task", "secret")
	require.NoError(t, one.Run())
	require.NoError(t, other.Run())
	require.Regexp(t, `^[0-9a-f]{64}\n$`, one.Out.String())
	require.NotEqual(t, one.Out.String(), other.Out.String())
}
