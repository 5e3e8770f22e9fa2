// Package cluster runs the app as several nodes do: two processes of the
// production binary behind nginx, with the configuration that docs/deploy.md
// shows, on a PostgreSQL server that the tests may stop.
package cluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// cluster is two nodes and what is around them.
type cluster struct {
	t           *testing.T
	binary      string
	postgres    *postgres
	mail        *mailServer
	certificate *certificate
	nodes       [2]*node
	nginx       string // host:port
	nginxLog    string
}

// newCluster starts all of it. Both nodes start at once, on an empty database.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	requirePrograms(t)
	c := &cluster{t: t, binary: build(t), postgres: newPostgres(t), certificate: newCertificate(t)}
	c.mail = newMailServer(t, c.certificate)
	for i := range c.nodes {
		c.nodes[i] = c.newNode()
		c.nodes[i].start()
	}
	c.awaitReady()
	c.nginx = c.startNginx()
	return c
}

// requirePrograms skips the test where it cannot run.
func requirePrograms(t *testing.T) {
	t.Helper()
	if postgresPrograms() == "" || os.Getenv("TEST_DATABASE_URL") == "" {
		require.NotContains(t, os.Getenv("CORRAL_REQUIRE"), "postgres")
		t.Skip("needs PostgreSQL: apt-get install postgresql, and set TEST_DATABASE_URL, though this test starts a server of its own")
	}
	if _, err := exec.LookPath("nginx"); err != nil {
		require.NotContains(t, os.Getenv("CORRAL_REQUIRE"), "nginx")
		t.Skip("needs nginx: apt-get install nginx-light")
	}
}

// build makes the binary as it ships.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "corral")
	out, err := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, "..").CombinedOutput()
	require.NoError(t, err, string(out))
	return binary
}

// task runs a task on a machine like that of the nodes, and returns what it printed.
func (c *cluster) task(args ...string) string {
	c.t.Helper()
	out, err := c.command(append([]string{"task"}, args...)...).Output()
	require.NoError(c.t, err, string(out))
	return string(out)
}

// command is the binary in a folder of its own, with the nodes' configuration.
func (c *cluster) command(args ...string) *exec.Cmd {
	cmd := exec.Command(c.binary, args...)
	cmd.Dir, cmd.Env = c.t.TempDir(), c.environment()
	return cmd
}

func (c *cluster) awaitReady() {
	c.t.Helper()
	for _, n := range c.nodes {
		eventually(c.t, n.ready, "a node is not ready")
	}
}

// eventually waits for what has to come.
func eventually(t *testing.T, condition func() bool, otherwise string) {
	t.Helper()
	require.Eventually(t, condition, time.Minute, 20*time.Millisecond, otherwise)
}

func port(address string) string { return address[strings.LastIndex(address, ":")+1:] }
