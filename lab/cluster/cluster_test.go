// Package cluster runs the app as several nodes do: two processes of the
// production binary behind nginx, with the configuration that docs/deploy.md
// shows, on a PostgreSQL server that the tests may stop.
package cluster

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
	"corral/lab/services"
)

func TestMain(m *testing.M) { os.Exit(binary.Run(m)) }

// cluster is two nodes and what is around them.
type cluster struct {
	t           *testing.T
	postgres    *services.Postgres
	mail        *services.Mailbox
	certificate *services.Certificate
	nodes       [2]*node
	nginx       string // host:port
	nginxLog    string
}

// newCluster starts all of it. Both nodes start at once, on an empty database.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	services.Server(t)
	if _, err := exec.LookPath("nginx"); err != nil {
		require.False(t, services.Required("nginx"))
		t.Skip("needs nginx: apt-get install nginx-light")
	}
	certificate, err := services.NewCertificate(t.TempDir(), domain)
	require.NoError(t, err)
	c := &cluster{t: t, postgres: services.StartPostgres(t), mail: services.OpenMailbox(t, certificate), certificate: certificate}
	for i := range c.nodes {
		c.nodes[i] = c.newNode()
		c.nodes[i].start()
	}
	c.awaitReady()
	c.nginx = c.startNginx()
	return c
}

// task runs a task on a machine like that of the nodes, and returns what it printed.
func (c *cluster) task(args ...string) string {
	c.t.Helper()
	p := c.command(append([]string{"task"}, args...)...)
	require.NoError(c.t, p.Run(), p.Log())
	return p.Out.String()
}

// command is the binary in a folder of its own, with the nodes' configuration.
func (c *cluster) command(args ...string) *binary.Process {
	return binary.Command(c.t, c.t.TempDir(), c.environment(), args...)
}

// query returns the one number that a query finds.
func (c *cluster) query(database, query string) (n int) {
	c.t.Helper()
	db := services.OpenDatabase(c.t, c.postgres.URL(database))
	defer db.Close()
	require.NoError(c.t, db.QueryRow(query).Scan(&n))
	return n
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
