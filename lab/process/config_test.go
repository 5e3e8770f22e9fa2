package process

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
)

// run runs the app until it exits, with any status.
func run(t *testing.T, dir string, environ []string, args ...string) *process {
	t.Helper()
	p := command(t, dir, environ, args...)
	defer time.AfterFunc(time.Minute, func() { p.Cmd.Process.Kill() }).Stop()
	if err := p.Run(); err != nil {
		require.IsType(t, new(exec.ExitError), err)
	}
	require.True(t, p.ProcessState.Exited(), "the app should have exited")
	return p
}

// In a clone, development reads templates, texts and assets from the folders.
func TestProcess_ServesInAClone(t *testing.T) {
	dir := t.TempDir()
	for _, folder := range []string{"assets", "locales", "templates"} {
		require.NoError(t, os.Symlink(filepath.Join(binary.Root(), folder), filepath.Join(dir, folder)))
	}
	requireServes(t, dir)
	require.FileExists(t, filepath.Join(dir, "storage", "development.sqlite"))
}

// The cause goes to standard error, at each log level: os.Exit would lose a line of the log.
func TestProcess_RefusesABrokenLocaleFile(t *testing.T) {
	dir := t.TempDir()
	for _, folder := range []string{"assets", "locales", "templates"} {
		require.NoError(t, os.CopyFS(filepath.Join(dir, folder), os.DirFS(filepath.Join(binary.Root(), folder))))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "locales", "notes.yaml"), []byte("- translate the rest\n"), 0o600))
	for _, level := range []string{"info", "warn"} {
		require.Contains(t, refusal(t, dir, []string{"LOG_LEVEL=" + level}), "notes.yaml")
	}
}

// Outside of a clone, development uses the embedded files.
func TestProcess_ServesOutsideAClone(t *testing.T) {
	requireServes(t, t.TempDir())
}

// requireServes requires that the app serves a page at the URL that it prints.
func requireServes(t *testing.T, dir string) {
	t.Helper()
	p := start(t, dir)
	_, baseURL, found := strings.Cut(strings.TrimSpace(p.Err.String()), "reached at ")
	require.True(t, found, "no URL in the output: %s", p.Err.String())
	res, err := http.Get(baseURL + "/login")
	require.NoError(t, err)
	page, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Contains(t, string(page), `<input class="form-control" id="password"`)
	p.Stop() // fails if a signal makes the app exit with an error
}

func writeDotenv(t *testing.T, dir, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".env"), []byte(content), 0o600))
}

func TestProcess_RefusesTheTestEnvironment(t *testing.T) {
	dir := t.TempDir()
	p := run(t, dir, []string{"GO_ENV=test"})
	require.Equal(t, 1, p.ProcessState.ExitCode())
	require.Equal(t, "GO_ENV=test is for go test only: use development or production\n", p.Err.String())
	require.Empty(t, p.Out.String())
	require.NoDirExists(t, filepath.Join(dir, "storage"), "a refused start leaves nothing behind")
}

func TestProcess_RefusesProductionWithoutSettings(t *testing.T) {
	dir := t.TempDir()
	p := run(t, dir, []string{"GO_ENV=production"})
	require.Equal(t, 1, p.ProcessState.ExitCode())
	require.Equal(t, strings.Join([]string{
		"HOST is missing: set it to the public URL, like https://login.example.com",
		"SESSION_SECRET is missing: set it to the output of `corral task secret`",
		"nothing terminates TLS: set TRUSTED_PROXIES to the proxy's network, or TLS_CERT_FILE and TLS_KEY_FILE, or listen on a unix socket alone",
		"SMTP_URL is missing, and users could not reset a password: set it to smtp://user:password@mail.example.com:587",
		"",
	}, "\n"), p.Err.String())
	require.NoDirExists(t, filepath.Join(dir, "storage"))
}

func TestProcess_PrintsASecret(t *testing.T) {
	p := run(t, t.TempDir(), []string{"GO_ENV=production"}, "task", "secret")
	require.Equal(t, 0, p.ProcessState.ExitCode(), p.Err.String())
	require.Regexp(t, `^[0-9a-f]{64}\n$`, p.Out.String())
}

func TestProcess_ReadsDotenv(t *testing.T) {
	dir := t.TempDir()
	writeDotenv(t, dir, "PORT=70001\n")
	p := run(t, dir, nil)
	require.Equal(t, 1, p.ProcessState.ExitCode())
	require.Equal(t, "PORT=70001 is not a port: use a number from 1 to 65535 (set in .env)\n", p.Err.String())
}

// Before main runs, Buffalo's package envy loads .env, which overrides environment variables.
func TestProcess_DotenvOverridesTheEnvironment(t *testing.T) {
	dir := t.TempDir()
	writeDotenv(t, dir, "PORT=70001\n")
	p := run(t, dir, []string{"PORT=70002", "LOG_LEVEL=loud"})
	require.Equal(t, 1, p.ProcessState.ExitCode())
	require.Equal(t, "LOG_LEVEL=loud is unknown: use debug, info, warn or error\n"+
		"PORT=70001 is not a port: use a number from 1 to 65535 (set in .env)\n", p.Err.String())
}

func TestProcess_RefusesDotenvInProduction(t *testing.T) {
	dir := t.TempDir()
	writeDotenv(t, dir, "LOG_LEVEL=debug\n")
	p := run(t, dir, []string{"GO_ENV=production"})
	require.Equal(t, 1, p.ProcessState.ExitCode())
	require.Contains(t, p.Err.String(), "there is a .env file beside the app: ")

	writeDotenv(t, dir, "GO_ENV=development\n") // envy loads it before main runs: it must not turn production off
	p = run(t, dir, []string{"GO_ENV=production"})
	require.Equal(t, 1, p.ProcessState.ExitCode())
	require.Contains(t, p.Err.String(), ".env sets GO_ENV, ")
}

// Neither the app's nor the driver's errors may quote the password. Nothing listens on port 1.
func TestProcess_DatabasePasswordIsNotPrinted(t *testing.T) {
	for _, url := range []string{
		"postgres://corral:hunter2@127.0.0.1:1/corral",
		"postgres://corral:hunter2@127.0.0.1:1/corral?sslmode=maybe",
		"postgres://corral:hunter2@127.0.0.1:port/corral",
		"postgres://corral:hunter2%zz@127.0.0.1:1/corral",
		"postgres:///corral?host=127.0.0.1&port=1&user=corral&password=hunter2&sslmode=maybe",
	} {
		p := run(t, t.TempDir(), []string{"DATABASE_URL=" + url})
		require.Equal(t, 1, p.ProcessState.ExitCode())
		require.Regexp(t, "^(DATABASE_URL is|the database cannot be opened)", p.Err.String())
		require.NotContains(t, p.Log(), "hunter2")
	}
}
