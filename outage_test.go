package main

import (
	"database/sql"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/config/configtest"
)

// ask sends a request of a browser and returns the answer, its body closed.
func (p *process) ask(b *http.Client, method, path string, form url.Values) *http.Response {
	p.t.Helper()
	req, err := http.NewRequest(method, p.url+path, strings.NewReader(form.Encode()))
	require.NoError(p.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := b.Do(req)
	require.NoError(p.t, err)
	res.Body.Close()
	return res
}

// requireAway is what visitors and probers see while the database is away:
// nobody is signed in, nobody is signed out, and no restart is asked for.
func (p *process) requireAway(signedIn *http.Client, password string) {
	p.t.Helper()
	for _, path := range []string{"/", "/account", "/account/sessions", "/login"} {
		res := p.ask(signedIn, "GET", path, nil)
		require.Equal(p.t, 503, res.StatusCode, path)
		require.NotEmpty(p.t, res.Header.Get("Retry-After"))
		require.Empty(p.t, res.Cookies(), "the browser keeps its session")
	}
	res := p.ask(p.visitor(), "POST", "/login", url.Values{"email": {"ada@example.com"}, "password": {password}})
	require.Equal(p.t, 503, res.StatusCode)
	require.Empty(p.t, res.Cookies())
	require.Equal(p.t, 503, p.ask(p.visitor(), "GET", "/readyz", nil).StatusCode)
	require.Equal(p.t, 200, p.ask(p.visitor(), "GET", "/healthz", nil).StatusCode)
	require.Equal(p.t, 200, p.ask(p.visitor(), "GET", "/welcome", nil).StatusCode, "what needs no database goes on")
}

// requireBack waits until the process is ready again, by itself.
func (p *process) requireBack(signedIn *http.Client, password string) {
	p.t.Helper()
	require.Eventually(p.t, func() bool { return p.ask(p.visitor(), "GET", "/readyz", nil).StatusCode == 200 }, time.Minute, 20*time.Millisecond)
	require.Equal(p.t, 200, p.home(signedIn), "still signed in")
	require.Equal(p.t, 303, p.logIn(p.visitor(), "ada@example.com", password))
}

func TestOutage_Postgres(t *testing.T) {
	server := newPostgresServer(t)
	dir, database := t.TempDir(), "DATABASE_URL="+server.url
	password := seeded(t, dir, database)["ada@example.com"]
	p := start(t, dir, database)
	ada := p.visitor()
	require.Equal(t, 303, p.logIn(ada, "ada@example.com", password))
	for _, how := range []string{"fast", "immediate"} { // told to stop, and as after a crash
		server.ctl("stop", "-m", how)
		p.requireAway(ada, password)
		server.ctl("start", "-o", server.options)
		p.requireBack(ada, password)
	}
}

// A server of the test's own, which it may stop.
type postgresServer struct {
	t            *testing.T
	bin, dir     string
	url, options string
}

func newPostgresServer(t *testing.T) *postgresServer {
	t.Helper()
	programs, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	require.NoError(t, err)
	if os.Getenv("TEST_DATABASE_URL") == "" || len(programs) == 0 {
		require.NotContains(t, os.Getenv("CORRAL_REQUIRE"), "postgres")
		t.Skip("needs PostgreSQL: set TEST_DATABASE_URL, on a machine that has its programs")
	}
	dir, err := os.MkdirTemp("", "corral-postgres-") // the name of a socket must be short
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	port := configtest.FreePort(t)
	s := &postgresServer{
		t: t, bin: filepath.Dir(programs[len(programs)-1]), dir: dir,
		url:     "postgres://postgres@127.0.0.1:" + port + "/postgres?sslmode=disable",
		options: "-h 127.0.0.1 -p " + port + " -k " + dir + " -F",
	}
	if os.Geteuid() == 0 {
		uid, gid := postgresUser(t)
		require.NoError(t, os.Chown(dir, uid, gid))
	}
	s.run("initdb", "-D", dir+"/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	s.ctl("start", "-o", s.options)
	t.Cleanup(func() { s.ctl("stop", "-m", "immediate") })
	return s
}

// ctl starts or stops the server, and waits for it.
func (s *postgresServer) ctl(what string, more ...string) {
	s.t.Helper()
	s.run("pg_ctl", append([]string{"-D", s.dir + "/data", "-l", s.dir + "/log", "-w", what}, more...)...)
}

func (s *postgresServer) run(program string, args ...string) {
	s.t.Helper()
	cmd := exec.Command(filepath.Join(s.bin, program), args...)
	cmd.Dir = s.dir
	if os.Geteuid() == 0 { // it refuses to run as root
		uid, gid := postgresUser(s.t)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	log := filepath.Join(s.t.TempDir(), "log") // a file: the server would hold a pipe open
	file, err := os.Create(log)
	require.NoError(s.t, err)
	defer file.Close()
	cmd.Stdout, cmd.Stderr = file, file
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(log)
		require.NoError(s.t, err, "%s: %s", program, said)
	}
}

func postgresUser(t *testing.T) (uid, gid int) {
	t.Helper()
	account, err := user.Lookup("postgres")
	require.NoError(t, err)
	uid, err = strconv.Atoi(account.Uid)
	require.NoError(t, err)
	gid, err = strconv.Atoi(account.Gid)
	require.NoError(t, err)
	return uid, gid
}

// Somebody holds the SQLite file: what only reads goes on, what writes waits
// for five seconds and says so, and all is well once the file is let go.
func TestOutage_SQLiteLocked(t *testing.T) {
	dir := t.TempDir()
	password := seeded(t, dir)["ada@example.com"]
	p := start(t, dir)
	ada := p.visitor()
	require.Equal(t, 303, p.logIn(ada, "ada@example.com", password))
	require.Equal(t, 200, p.home(ada))

	db, err := sql.Open("sqlite3", filepath.Join(dir, "storage", "development.sqlite"))
	require.NoError(t, err)
	defer db.Close()
	db.SetMaxOpenConns(1)
	_, err = db.Exec("BEGIN IMMEDIATE")
	require.NoError(t, err)
	res := p.ask(p.visitor(), "POST", "/login", url.Values{"email": {"ada@example.com"}, "password": {password}})
	require.Equal(t, 503, res.StatusCode)
	require.Empty(t, res.Cookies())
	require.Equal(t, 200, p.home(ada))
	_, err = db.Exec("ROLLBACK")
	require.NoError(t, err)
	p.requireBack(ada, password)
}
