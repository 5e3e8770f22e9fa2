// Package cluster runs two nodes of the production binary on a PostgreSQL server that
// tests may stop. The nodes are behind nginx with the configuration of docs/deploy.md.
package cluster

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
	"corral/lab/services"
)

func TestMain(m *testing.M) { os.Exit(binary.Run(m)) }

type cluster struct {
	t           *testing.T
	postgres    *services.Postgres
	databaseURL string // what the nodes connect to
	mail        *services.Mailbox
	certificate *services.Certificate
	nodes       [2]*node
	nginx       string // host:port
	nginxLog    string
}

// newCluster starts both nodes at the same time. If startPooler is not nil, the nodes
// connect to the database through the URL that it returns.
func newCluster(t *testing.T, startPooler func(*services.Postgres) string) *cluster {
	t.Helper()
	services.Server(t)
	services.RequireNginx(t)
	certificate, err := services.NewCertificate(t.TempDir(), domain)
	require.NoError(t, err)
	c := &cluster{t: t, postgres: services.StartPostgres(t), mail: services.OpenMailbox(t, certificate), certificate: certificate}
	c.databaseURL = c.postgres.URL("postgres")
	if startPooler != nil {
		c.databaseURL = startPooler(c.postgres)
	}
	for i := range c.nodes {
		c.nodes[i] = c.newNode()
		c.nodes[i].start()
	}
	c.awaitReady()
	c.startNginx()
	return c
}

func (c *cluster) task(args ...string) string {
	c.t.Helper()
	p := c.command(append([]string{"task"}, args...)...)
	require.NoError(c.t, p.Run(), p.Log())
	return p.Out.String()
}

func (c *cluster) command(args ...string) *binary.Process {
	return binary.Command(c.t, c.t.TempDir(), c.environment(), args...)
}

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

func eventually(t *testing.T, condition func() bool, failure string) {
	t.Helper()
	require.Eventually(t, condition, 5*time.Minute, 20*time.Millisecond, failure)
}
