package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/config/configtest"
	"corral/models"
	"corral/models/modelstest"
)

// binary is the app as it ships, built once for all tests.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "corral-binary-")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "corral")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		fmt.Fprintln(os.Stderr, string(out))
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// process is the binary, running in a folder of its own.
type process struct {
	*exec.Cmd
	t              *testing.T
	url            string
	stdout, stderr *bytes.Buffer
}

func command(t *testing.T, dir string, env []string, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(binary, args...), t: t, stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}}
	p.Dir, p.Stdout, p.Stderr = dir, p.stdout, p.stderr
	p.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}, env...)
	return p
}

// start runs the app on a free port and waits until it answers.
func start(t *testing.T, dir string, env ...string) *process {
	t.Helper()
	port := configtest.FreePort(t)
	p := command(t, dir, append(env, "PORT="+port, "ADDR=127.0.0.1"))
	p.url = "http://127.0.0.1:" + port
	require.NoError(t, p.Start())
	t.Cleanup(func() { p.Process.Kill(); p.Wait() })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		if res, err := http.Get(p.url + "/robots.txt"); err == nil {
			res.Body.Close()
			return p
		}
		select {
		case <-ctx.Done():
			require.Fail(t, "it does not answer", p.stderr.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// get asks as a browser behind a TLS proxy does.
func (p *process) get(path string) (status int, page string) {
	p.t.Helper()
	req, err := http.NewRequest("GET", p.url+path, nil)
	require.NoError(p.t, err)
	req.Host = "127.0.0.1"
	req.Header.Set("X-Forwarded-Proto", "https")
	res, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(p.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(p.t, err)
	return res.StatusCode, string(body)
}

// refused runs the app and returns the plain lines with which it gave up.
func refused(t *testing.T, dir string, env []string, args ...string) string {
	t.Helper()
	p := command(t, dir, env, args...)
	err := p.Run()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 1, exit.ExitCode(), p.stderr.String())
	require.NotContains(t, p.stderr.String(), "goroutine", "no panic")
	return p.stderr.String()
}

func production(p string) []string {
	return []string{"GO_ENV=production", "HOST=https://127.0.0.1", "TRUSTED_PROXIES=127.0.0.1/32",
		"SMTP_URL=smtp://127.0.0.1:1", "SESSION_SECRET=" + p}
}

// testConfig is this process's, on a SQLite file.
func testConfig(t *testing.T, path string) config.Config {
	t.Helper()
	c, err := config.Current()
	require.NoError(t, err)
	c.DatabaseURL = "sqlite3://" + path
	return c
}

const secret = "c0f1e2d3b4a5968778695a4b3c2d1e0ff0e1d2c3b4a5968778695a4b3c2d1e0f"

func TestStart_MakesItsFilesForItsOwnerOnly(t *testing.T) {
	dir := t.TempDir()
	p := start(t, dir)
	status, _ := p.get("/welcome")
	require.Equal(t, 200, status)
	for path, mode := range map[string]os.FileMode{
		"storage": 0o700, "storage/development.sqlite": 0o600, "storage/development.secret": 0o600,
	} {
		info, err := os.Stat(filepath.Join(dir, path))
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), path)
	}
}

func TestStart_DatabaseThatCannotBeOpened(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "noise.sqlite"), bytes.Repeat([]byte("no database "), 999), 0o600))
	for _, url := range []string{"sqlite3://" + dir, "sqlite3://noise.sqlite", "postgres://nobody@127.0.0.1:1/none"} {
		line := refused(t, dir, []string{"DATABASE_URL=" + url, "PORT=" + configtest.FreePort(t)})
		require.Contains(t, line, "database", url)
		require.Equal(t, 1, strings.Count(line, "\n"), "one plain line: %s", line)
	}
}

// A database that a newer release has migrated is left as it is.
func TestStart_NewerDatabase(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, start(t, dir).Process.Kill())
	c := testConfig(t, filepath.Join(dir, "storage", "development.sqlite"))
	require.NoError(t, models.Connect(c))
	require.NoError(t, models.DB.RawQuery("INSERT INTO schema_migration (version) VALUES ('29990101000000')").Exec())
	require.NoError(t, models.DB.Close())
	require.Contains(t, refused(t, dir, nil), "the database is newer than this release (migration 29990101000000)")
}

func TestStart_OnPostgres(t *testing.T) {
	server := os.Getenv("TEST_DATABASE_URL")
	if server == "" {
		require.NotContains(t, os.Getenv("CORRAL_REQUIRE"), "postgres")
		t.Skip("needs PostgreSQL: set TEST_DATABASE_URL to a server on which databases may be made")
	}
	databaseURL, drop, err := modelstest.NewDatabase(server)
	require.NoError(t, err)
	t.Cleanup(drop)
	p := start(t, t.TempDir(), append(production(secret), "DATABASE_URL="+databaseURL)...)
	status, page := p.get("/welcome")
	require.Equal(t, 200, status, page)
}

func TestProduction_HasNothingOfDevelopment(t *testing.T) {
	p := start(t, t.TempDir(), production(secret)...)
	for _, path := range []string{"/dev/reload", "/dev/reload.js", "/dev/mail"} {
		status, page := p.get(path)
		require.Equal(t, 404, status, path)
		require.Contains(t, page, "There is no such page")
	}
	_, page := p.get("/login")
	require.NotContains(t, page, "/dev/")
	require.NotContains(t, page, "reload", "the scripts that are there are the pages' own")
}

func TestDevelopment_LiveReload(t *testing.T) {
	dir := t.TempDir()
	for _, folder := range []string{"templates", "assets", "locales"} {
		require.NoError(t, os.CopyFS(filepath.Join(dir, folder), os.DirFS(folder)))
	}
	p := start(t, dir)
	_, page := p.get("/welcome")
	require.Contains(t, page, `<script type="module" src="/dev/reload.js">`)

	res, err := http.Get(p.url + "/dev/reload")
	require.NoError(t, err)
	defer res.Body.Close()
	first := event(t, res.Body)
	welcome := filepath.Join(dir, "templates/welcome/show.plush.html")
	for path, text := range map[string]string{
		welcome: "<h1>Changed as it runs</h1>",
		filepath.Join(dir, "assets/css/application.css"): "body { color: red }",
	} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		next := event(t, res.Body)
		require.NotEqual(t, first, next, "the page is told")
		first = next
	}
	_, page = p.get("/welcome")
	require.Contains(t, page, "Changed as it runs")
	require.NoError(t, os.WriteFile(welcome, []byte("<%= broken( %>"), 0o600))
	status, page := p.get("/welcome")
	require.Equal(t, 500, status)
	require.Contains(t, page, "welcome/show.plush.html", "development says what is wrong")
	require.Contains(t, page, "goroutine", "and where")
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.Wait(), "an open stream does not hold up the stop")
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

func TestCommandLine(t *testing.T) {
	dir := t.TempDir()
	require.Contains(t, refused(t, dir, nil, "serve"), `unknown command "serve"`)
	require.Contains(t, refused(t, dir, nil, "task", "nope"), "nope")
	require.Contains(t, refused(t, dir, nil, "task", "user:create"), "usage: task user:create EMAIL")
	require.Contains(t, refused(t, dir, nil, "task", "user:create", "nobody"), "is not an email address")
	require.Contains(t, refused(t, dir, production(secret), "task", "db:seed"), "db:seed is for development")
}

func TestTask_Seed(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		p := command(t, dir, nil, "task", "db:seed")
		require.NoError(t, p.Run(), p.stderr.String())
		require.Contains(t, p.stdout.String(), "ada@example.com")
	}
}

func TestTask_UserCreate(t *testing.T) {
	dir := t.TempDir()
	p := command(t, dir, nil, "task", "user:create", " Dora@Example.com ")
	require.NoError(t, p.Run(), p.stderr.String())
	require.Contains(t, p.stdout.String(), "dora@example.com has an account.")
	_, link, ok := strings.Cut(strings.TrimSpace(p.stdout.String()), "http://127.0.0.1:3000")
	require.True(t, ok)
	site := start(t, dir)
	status, _ := site.get(link)
	require.Equal(t, 302, status)
	require.Contains(t, refused(t, dir, nil, "task", "user:create", "dora@example.com"), "has an account already")
}

func TestTask_Secret(t *testing.T) {
	one, other := command(t, t.TempDir(), nil, "task", "secret"), command(t, t.TempDir(), nil, "task", "secret")
	require.NoError(t, one.Run())
	require.NoError(t, other.Run())
	require.Regexp(t, `^[0-9a-f]{64}\n$`, one.stdout.String())
	require.NotEqual(t, one.stdout.String(), other.stdout.String())
}

func TestTask_Routes(t *testing.T) {
	p := command(t, t.TempDir(), nil, "task", "routes")
	require.NoError(t, p.Run(), p.stderr.String())
	require.Regexp(t, `GET +/ +user +corral/actions.HomeShow`, p.stdout.String())
	require.Regexp(t, `DELETE +/logout +public`, p.stdout.String())
	require.NotContains(t, p.stdout.String(), "not declared")
}
