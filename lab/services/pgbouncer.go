package services

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
)

// StartPgBouncer runs PgBouncer in transaction mode in front of a server, until the test
// ends, and returns the URL of a database. It skips the test if PgBouncer is not
// installed. All clients share three connections to the server. configuration is lines
// that are added to the section [pgbouncer].
func StartPgBouncer(t testing.TB, s *Postgres, database, configuration string) (databaseURL string) {
	t.Helper()
	path, err := exec.LookPath("pgbouncer")
	if err != nil {
		require.False(t, Required("pgbouncer"))
		t.Skip("needs PgBouncer: apt-get install pgbouncer")
	}
	port := binary.FreePort(t)
	for name, content := range map[string]string{
		"users": `"postgres" ""` + "\n",
		"ini": fmt.Sprintf("[databases]\n* = host=127.0.0.1 port=%s\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %s\nunix_socket_dir =\n"+
			"auth_type = trust\nauth_file = %s\npool_mode = transaction\ndefault_pool_size = 3\n%s\n", s.port, port, filepath.Join(s.dir, "users"), configuration),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(s.dir, name), []byte(content), 0o644))
	}
	bouncer := exec.Command(path, "-q", filepath.Join(s.dir, "ini"))
	log, err := os.Create(filepath.Join(s.dir, "bouncer.log"))
	require.NoError(t, err)
	bouncer.Stdout, bouncer.Stderr = log, log
	if os.Geteuid() == 0 { // PgBouncer refuses to run as root
		uid, gid := s.user()
		bouncer.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	require.NoError(t, bouncer.Start())
	t.Cleanup(func() { bouncer.Process.Kill(); bouncer.Wait(); log.Close() })
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			conn.Close()
		}
		return err == nil
	}, time.Minute, 10*time.Millisecond, "PgBouncer does not listen")
	return "postgres://postgres@127.0.0.1:" + port + "/" + database + "?sslmode=disable"
}
