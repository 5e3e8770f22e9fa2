package services

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
)

// Postgres is a PostgreSQL server that a test can stop.
type Postgres struct {
	t         testing.TB
	dir, port string
}

// StartPostgres starts a server. It skips the test if PostgreSQL is not installed.
func StartPostgres(t testing.TB) *Postgres {
	t.Helper()
	Server(t) // skips the test without TEST_DATABASE_URL
	if programs() == "" {
		require.False(t, Required("postgres"))
		t.Skip("needs PostgreSQL's programs: apt-get install postgresql")
	}
	// Not t.TempDir: another user must have access, and socket paths must be short.
	dir, err := os.MkdirTemp("", "corral-postgres-")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &Postgres{t: t, dir: dir, port: binary.FreePort(t)}
	if os.Geteuid() == 0 {
		uid, gid := s.user()
		require.NoError(t, os.Chown(dir, uid, gid))
	}
	s.run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	s.Start()
	t.Cleanup(func() { s.command("pg_ctl", "-m", "immediate", "stop").Run() })
	return s
}

// URL returns the URL of a database. The database postgres exists from the start.
func (s *Postgres) URL(database string) string {
	return "postgres://postgres@127.0.0.1:" + s.port + "/" + database + "?sslmode=disable"
}

// Start starts the server again after Stop.
func (s *Postgres) Start() {
	s.t.Helper()
	s.run("pg_ctl", "-l", filepath.Join(s.dir, "log"), "-w", "start", "-o", "-h 127.0.0.1 -p "+s.port+" -k '"+s.dir+"' -F")
}

// Stop stops the server. The mode "fast" is as in a restart, "immediate" as in a crash.
func (s *Postgres) Stop(mode string) { s.t.Helper(); s.run("pg_ctl", "-m", mode, "-w", "stop") }

// Signal sends a signal to the server and its child processes.
func (s *Postgres) Signal(signal syscall.Signal) {
	s.t.Helper()
	pidfile, err := os.ReadFile(filepath.Join(s.dir, "data", "postmaster.pid"))
	require.NoError(s.t, err)
	line, _, _ := strings.Cut(string(pidfile), "\n")
	server, err := strconv.Atoi(line)
	require.NoError(s.t, err)
	require.NoError(s.t, syscall.Kill(server, signal))
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		stat, _ := os.ReadFile(path) // pid (name) state parent …
		_, rest, _ := strings.Cut(string(stat), ") ")
		if fields := strings.Fields(rest); len(fields) > 1 && fields[1] == line {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			syscall.Kill(pid, signal)
		}
	}
}

// programs returns the folder with the programs of the newest installed server, or "".
// Debian does not add it to PATH.
func programs() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if initdb, err := exec.LookPath("initdb"); err == nil {
		found = append(found, initdb)
	}
	if len(found) == 0 {
		return ""
	}
	return filepath.Dir(slices.Max(found))
}

func (s *Postgres) run(name string, args ...string) {
	s.t.Helper()
	cmd := s.command(name, args...)
	log, err := os.Create(filepath.Join(s.t.TempDir(), name)) // not a pipe, which the server would keep open
	require.NoError(s.t, err)
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil {
		text, _ := os.ReadFile(log.Name())
		require.NoError(s.t, err, string(text))
	}
}

// command returns a command that runs a program of PostgreSQL as the user postgres, if
// this process runs as root: PostgreSQL refuses to run as root.
func (s *Postgres) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(programs(), name), append([]string{"-D", filepath.Join(s.dir, "data")}, args...)...)
	cmd.Dir = s.dir
	if os.Geteuid() == 0 {
		uid, gid := s.user()
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	return cmd
}

func (s *Postgres) user() (uid, gid int) {
	s.t.Helper()
	u, err := user.Lookup("postgres")
	require.NoError(s.t, err)
	uid, _ = strconv.Atoi(u.Uid)
	gid, _ = strconv.Atoi(u.Gid)
	return uid, gid
}
