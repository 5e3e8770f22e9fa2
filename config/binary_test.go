package config_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/config/configtest"
)

// What only a real process shows: what it prints, how it ends, and what
// happens to the environment before main.

func TestMain(m *testing.M) {
	code := m.Run()
	os.RemoveAll(buildDir)
	os.Exit(code)
}

var buildDir string

// build makes the app, once.
var build = sync.OnceValues(func() (path string, err error) {
	if buildDir, err = os.MkdirTemp("", "corral-binary-"); err != nil {
		return "", err
	}
	path = filepath.Join(buildDir, "corral")
	output, err := exec.Command("go", "build", "-o", path, "..").CombinedOutput()
	if err != nil {
		os.Stderr.Write(output)
	}
	return path, err
})

// process is an app that has ended.
type process struct {
	status         int
	stdout, stderr string
}

// run starts the app in dir with nothing but the given variables, and waits for its end.
func run(t *testing.T, dir string, environ []string, args ...string) process {
	t.Helper()
	path, err := build()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	cmd.Env = append([]string{"GOPATH=" + dir, "HOME=" + dir}, environ...)
	err = cmd.Run()
	require.NoError(t, ctx.Err(), "the app should have ended by itself")
	if err != nil {
		require.IsType(t, new(exec.ExitError), err)
	}
	return process{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// In a clone, development reads templates, texts and assets from the folders.
func TestProcess_ServesInAClone(t *testing.T) {
	dir := t.TempDir()
	for _, folder := range []string{"assets", "locales", "templates"} {
		path, err := filepath.Abs(filepath.Join("..", folder))
		require.NoError(t, err)
		require.NoError(t, os.Symlink(path, filepath.Join(dir, folder)))
	}
	serves(t, dir)
	require.FileExists(t, filepath.Join(dir, "storage", "development.sqlite"))
}

// Elsewhere a development build has all of it inside.
func TestProcess_ServesAnywhere(t *testing.T) {
	serves(t, t.TempDir())
}

// serves starts the app in dir, sees the login page, and stops it.
func serves(t *testing.T, dir string) {
	t.Helper()
	path, err := build()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path)
	cmd.Dir, cmd.Env = dir, []string{"GOPATH=" + dir, "HOME=" + dir, "PORT=" + configtest.FreePort(t)}
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, _ := bufio.NewReader(stderr).ReadString('\n')
	_, origin, found := strings.Cut(strings.TrimSpace(line), "reached at ")
	require.True(t, found, "it should have said where it is reached: %s", line)

	res, err := http.Get(origin + "/login")
	require.NoError(t, err)
	page, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Contains(t, string(page), `<input class="form-control" id="password"`)

	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, cmd.Wait(), "a signal is no failure")
}

func writeDotenv(t *testing.T, dir, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".env"), []byte(content), 0o600))
}

func TestProcess_RefusesTestOutsideGoTest(t *testing.T) {
	dir := t.TempDir()
	p := run(t, dir, []string{"GO_ENV=test"})
	require.Equal(t, 1, p.status)
	require.Equal(t, "GO_ENV=test is for go test only: use development or production\n", p.stderr)
	require.Empty(t, p.stdout)
	require.NoDirExists(t, filepath.Join(dir, "storage"), "a refused start leaves nothing behind")
}

func TestProcess_RefusesBareProduction(t *testing.T) {
	dir := t.TempDir()
	p := run(t, dir, []string{"GO_ENV=production"})
	require.Equal(t, 1, p.status)
	require.Equal(t, strings.Join([]string{
		"HOST is missing: set it to the public origin, like https://login.example.com",
		"SESSION_SECRET is missing: set it to the output of `corral task secret`",
		"nothing ends TLS: set TRUSTED_PROXIES to the proxy's network, or TLS_CERT_FILE and TLS_KEY_FILE",
		"SMTP_URL is missing: people could not reset a password",
		"",
	}, "\n"), p.stderr)
	require.NoDirExists(t, filepath.Join(dir, "storage"))
}

// The remedy that the refusal names works before anything else is set.
func TestProcess_PrintsASecret(t *testing.T) {
	p := run(t, t.TempDir(), []string{"GO_ENV=production"}, "task", "secret")
	require.Equal(t, 0, p.status, p.stderr)
	require.Regexp(t, `^[0-9a-f]{64}\n$`, p.stdout)
}

func TestProcess_ReadsDotenv(t *testing.T) {
	dir := t.TempDir()
	writeDotenv(t, dir, "PORT=70001\n")
	p := run(t, dir, nil)
	require.Equal(t, 1, p.status)
	require.Equal(t, "PORT=70001 is not a port: use a number from 1 to 65535\n", p.stderr)
}

// Buffalo's envy package loads .env over the environment before main runs.
// Package environ, which must be ready before it, keeps what was there.
func TestRealVariablesWin(t *testing.T) {
	dir := t.TempDir()
	writeDotenv(t, dir, "PORT=70001\n")
	p := run(t, dir, []string{"PORT=70002"})
	require.Equal(t, 1, p.status)
	require.Equal(t, "PORT=70002 is not a port: use a number from 1 to 65535\n", p.stderr,
		"envy was there first: does the module's path sort after os/exec?")
}

func TestProcess_RefusesDotenvInProduction(t *testing.T) {
	dir := t.TempDir()
	writeDotenv(t, dir, "LOG_LEVEL=debug\n")
	p := run(t, dir, []string{"GO_ENV=production"})
	require.Equal(t, 1, p.status)
	require.Contains(t, p.stderr, "a .env file lies beside the app: ")
}

// What the database driver says must not hold the password either. Nothing
// listens on port 1.
func TestProcess_DatabasePasswordIsNotPrinted(t *testing.T) {
	for _, url := range []string{
		"postgres://corral:hunter2@127.0.0.1:1/corral",
		"postgres://corral:hunter2@127.0.0.1:1/corral?sslmode=maybe",
		"postgres://corral:hunter2@127.0.0.1:port/corral",
		"postgres://corral:hunter2%zz@127.0.0.1:1/corral",
		"postgres:///corral?host=127.0.0.1&port=1&user=corral&password=hunter2&sslmode=maybe",
	} {
		p := run(t, t.TempDir(), []string{"DATABASE_URL=" + url})
		require.Equal(t, 1, p.status)
		require.Regexp(t, "^(DATABASE_URL is|the database cannot be opened)", p.stderr)
		require.NotContains(t, p.stdout+p.stderr, "hunter2")
	}
}
