package cluster

import (
	"database/sql"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"corral/config/configtest"
)

// postgres is a server that is the test's alone.
type postgres struct {
	t    *testing.T
	dir  string
	port string
}

// postgresPrograms is where the newest server's programs are, or "". Debian
// keeps them out of PATH.
func postgresPrograms() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if initdb, err := exec.LookPath("initdb"); err == nil {
		found = append(found, initdb)
	}
	if len(found) == 0 {
		return ""
	}
	return filepath.Dir(slices.Max(found))
}

func newPostgres(t *testing.T) *postgres {
	t.Helper()
	dir, err := os.MkdirTemp("", "corral-cluster-") // not t.TempDir: another user has to get in
	require.NoError(t, err)
	p := &postgres{t: t, dir: dir, port: configtest.FreePort(t)}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if os.Geteuid() == 0 {
		uid, gid := p.user()
		require.NoError(t, os.Chown(dir, uid, gid))
	}
	p.run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	p.start()
	t.Cleanup(func() { p.command("pg_ctl", "-m", "immediate", "stop").Run() })
	return p
}

// start returns when the server takes connections.
func (p *postgres) start() {
	p.t.Helper()
	p.run("pg_ctl", "-l", filepath.Join(p.dir, "log"), "-w", "start",
		"-o", "-h 127.0.0.1 -p "+p.port+" -k '"+p.dir+"' -F")
}

// stop ends the server, as a restart does ("fast") or as a crash does ("immediate").
func (p *postgres) stop(mode string) { p.t.Helper(); p.run("pg_ctl", "-m", mode, "-w", "stop") }

func (p *postgres) run(name string, args ...string) {
	p.t.Helper()
	cmd := p.command(name, args...)
	log, err := os.Create(filepath.Join(p.t.TempDir(), name)) // no pipe: the server would keep it open
	require.NoError(p.t, err)
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil {
		text, _ := os.ReadFile(log.Name())
		require.NoError(p.t, err, string(text))
	}
}

// command is a program of PostgreSQL, which refuses to run as root.
func (p *postgres) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(postgresPrograms(), name), append([]string{"-D", filepath.Join(p.dir, "data")}, args...)...)
	cmd.Dir = p.dir
	if os.Geteuid() == 0 {
		uid, gid := p.user()
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	return cmd
}

func (p *postgres) user() (uid, gid int) {
	p.t.Helper()
	u, err := user.Lookup("postgres")
	require.NoError(p.t, err)
	uid, _ = strconv.Atoi(u.Uid)
	gid, _ = strconv.Atoi(u.Gid)
	return uid, gid
}

// signal reaches the server and each of its processes.
func (p *postgres) signal(s syscall.Signal) {
	p.t.Helper()
	pidfile, err := os.ReadFile(filepath.Join(p.dir, "data", "postmaster.pid"))
	require.NoError(p.t, err)
	line, _, _ := strings.Cut(string(pidfile), "\n")
	server, err := strconv.Atoi(line)
	require.NoError(p.t, err)
	require.NoError(p.t, syscall.Kill(server, s))
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		stat, _ := os.ReadFile(path) // pid (name) state parent …
		_, rest, _ := strings.Cut(string(stat), ") ")
		if fields := strings.Fields(rest); len(fields) > 1 && fields[1] == line {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			syscall.Kill(pid, s)
		}
	}
}

func (p *postgres) url(database string) string {
	return "postgres://postgres@127.0.0.1:" + p.port + "/" + database + "?sslmode=disable"
}

func (p *postgres) execute(statement string) {
	p.t.Helper()
	db, err := sql.Open("pgx", p.url("postgres"))
	require.NoError(p.t, err)
	defer db.Close()
	_, err = db.Exec(statement)
	require.NoError(p.t, err)
}

// query returns the one number that a query finds.
func (p *postgres) query(database, query string, args ...any) (n int) {
	p.t.Helper()
	db, err := sql.Open("pgx", p.url(database))
	require.NoError(p.t, err)
	defer db.Close()
	require.NoError(p.t, db.QueryRow(query, args...).Scan(&n))
	return n
}
