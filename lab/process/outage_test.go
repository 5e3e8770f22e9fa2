package process

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/lab/services"
)

func (p *process) request(b *http.Client, method, path string, form url.Values) *http.Response {
	p.t.Helper()
	req, err := http.NewRequest(method, p.URL+path, strings.NewReader(form.Encode()))
	require.NoError(p.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := b.Do(req)
	require.NoError(p.t, err)
	res.Body.Close()
	return res
}

// requireDown requires that, without the database, pages and logins are answered with 503,
// and /healthz and /welcome still with 200.
func (p *process) requireDown(loggedIn *http.Client, password string) {
	p.t.Helper()
	for _, path := range []string{"/", "/account", "/account/sessions", "/login"} {
		res := p.request(loggedIn, "GET", path, nil)
		require.Equal(p.t, 503, res.StatusCode, path)
		require.NotEmpty(p.t, res.Header.Get("Retry-After"))
		require.Empty(p.t, res.Cookies(), "the browser keeps its session")
	}
	res := p.request(p.browser(), "POST", "/login", url.Values{"email": {"ada@example.com"}, "password": {password}})
	require.Equal(p.t, 503, res.StatusCode)
	require.Empty(p.t, res.Cookies())
	require.Equal(p.t, 503, p.request(p.browser(), "GET", "/readyz", nil).StatusCode)
	require.Equal(p.t, 200, p.request(p.browser(), "GET", "/healthz", nil).StatusCode)
	require.Equal(p.t, 200, p.request(p.browser(), "GET", "/welcome", nil).StatusCode, "a page that needs no database still works")
}

// requireRecovered requires that the app becomes ready, and that users can log in again.
func (p *process) requireRecovered(loggedIn *http.Client, password string) {
	p.t.Helper()
	require.Eventually(p.t, func() bool { return p.request(p.browser(), "GET", "/readyz", nil).StatusCode == 200 }, time.Minute, 20*time.Millisecond)
	require.Equal(p.t, 200, p.home(loggedIn), "still logged in")
	require.Equal(p.t, 303, p.logIn(p.browser(), "ada@example.com", password))
}

func TestOutage_PostgresRecovers(t *testing.T) {
	t.Parallel()
	server := services.StartPostgres(t)
	dir, database := t.TempDir(), "DATABASE_URL="+server.URL("postgres")
	password := seed(t, dir, database)["ada@example.com"]
	p := start(t, dir, database)
	ada := p.browser()
	require.Equal(t, 303, p.logIn(ada, "ada@example.com", password))
	for _, mode := range []string{"fast", "immediate"} { // a stop and a crash
		server.Stop(mode)
		p.requireDown(ada, password)
		server.Start()
		p.requireRecovered(ada, password)
	}
}

// While another process has the write lock, reads work and writes fail after five
// seconds.
func TestOutage_LockedSQLiteRecovers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	password := seed(t, dir)["ada@example.com"]
	p := start(t, dir)
	ada := p.browser()
	require.Equal(t, 303, p.logIn(ada, "ada@example.com", password))
	require.Equal(t, 200, p.home(ada))

	db := services.OpenDatabase(t, sqlite(dir, "storage/development.sqlite"))
	db.SetMaxOpenConns(1)
	_, err := db.Exec("BEGIN IMMEDIATE")
	require.NoError(t, err)
	res := p.request(p.browser(), "POST", "/login", url.Values{"email": {"ada@example.com"}, "password": {password}})
	require.Equal(t, 503, res.StatusCode)
	require.Empty(t, res.Cookies())
	require.Equal(t, 200, p.home(ada))
	_, err = db.Exec("ROLLBACK")
	require.NoError(t, err)
	p.requireRecovered(ada, password)
}

// On a full disk, reads still work, so /readyz must write.
func TestOutage_FullDiskIsNotReady(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=16m,mode=700"); err != nil {
		if os.Geteuid() == 0 {
			t.Skip("cannot mount a small disk: ", err)
		}
		rerunInUserNamespace(t)
		return
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	password := seed(t, dir)["ada@example.com"]
	p := start(t, dir)
	ada := p.browser()
	require.Equal(t, 303, p.logIn(ada, "ada@example.com", password))

	filler, err := os.Create(filepath.Join(dir, "filler"))
	require.NoError(t, err)
	_, err = io.Copy(filler, endless{})
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.NoError(t, filler.Close())
	require.Equal(t, 503, p.logIn(p.browser(), "ada@example.com", password))
	require.Eventually(t, func() bool { return p.request(ada, "GET", "/readyz", nil).StatusCode == 503 }, time.Minute, 100*time.Millisecond)
	lines, _ := doctorFaults(t, dir, []string{"DATABASE_URL=sqlite3://storage/development.sqlite"})
	require.Contains(t, lines["database"], "fail the database cannot be written: ")
	require.Equal(t, 303, p.request(ada, "DELETE", "/logout", nil).StatusCode)
	require.Contains(t, p.page(ada, "/welcome"), "the session could not be ended")
	require.Equal(t, 302, p.home(ada), "the cookie is gone")

	require.NoError(t, os.Remove(filler.Name()))
	require.Eventually(t, func() bool { return p.request(ada, "GET", "/readyz", nil).StatusCode == 200 }, time.Minute, 100*time.Millisecond)
	require.Equal(t, 303, p.logIn(p.browser(), "ada@example.com", password))
}

// rerunInUserNamespace runs the test again in a user namespace, in which it may mount. It skips
// the test if it may not.
func rerunInUserNamespace(t *testing.T) {
	t.Helper()
	again := exec.Command(os.Args[0], "-test.v", "-test.run=^"+t.Name()+"$")
	again.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := again.CombinedOutput()
	require.NoError(t, err, string(out))
	if !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Skip(string(out))
	}
}

// The operator locks the role, or renames the database.
func TestOutage_RefusedConnectionsAre503(t *testing.T) {
	t.Parallel()
	server := services.StartPostgres(t)
	admin, dir := server.URL("postgres"), t.TempDir()
	for _, statement := range []string{"CREATE ROLE app LOGIN", "CREATE DATABASE app OWNER app"} {
		services.Execute(t, admin, statement)
	}
	database := "DATABASE_URL=" + strings.Replace(server.URL("app"), "postgres@", "app@", 1)
	password := seed(t, dir, database)["ada@example.com"]
	p := start(t, dir, database)
	ada := p.browser()
	require.Equal(t, 303, p.logIn(ada, "ada@example.com", password))
	for refuse, allow := range map[string]string{
		"ALTER ROLE app NOLOGIN":            "ALTER ROLE app LOGIN",
		"ALTER DATABASE app RENAME TO away": "ALTER DATABASE away RENAME TO app",
	} {
		services.Execute(t, admin, "REVOKE CONNECT ON DATABASE app FROM PUBLIC, app")
		services.Execute(t, admin, "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE usename = 'app'")
		services.Execute(t, admin, refuse)
		p.requireDown(ada, password)
		services.Execute(t, admin, allow)
		services.Execute(t, admin, "GRANT CONNECT ON DATABASE app TO app")
		p.requireRecovered(ada, password)
	}
}

// Open connections still use the removed file. Without a check, some requests would
// succeed, and their writes would be lost.
func TestOutage_RemovedSQLiteFile(t *testing.T) {
	dir := t.TempDir()
	p := start(t, dir)
	file := filepath.Join(dir, "storage/development.sqlite")
	require.NoError(t, os.Rename(file, file+".removed"))
	require.Equal(t, 503, p.request(p.browser(), "GET", "/readyz", nil).StatusCode)
	form := url.Values{"email": {"zoe@example.com"}}
	require.Equal(t, 503, p.request(p.browser(), "POST", "/signup", form).StatusCode, "what the request writes would be lost")
	require.NoError(t, os.Rename(file+".removed", file))
	require.Equal(t, 200, p.request(p.browser(), "GET", "/readyz", nil).StatusCode)
	p.Stop()
	require.Contains(t, p.Log(), "the database file storage/development.sqlite was removed or replaced while the app runs")
}
