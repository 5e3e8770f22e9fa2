package cluster

import (
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// An update: one node after the other, under load. No request fails, be it a
// page or a form.
func rollingRestart(t *testing.T, c *cluster) {
	l := c.startLoad(ada, bob)
	for range 2 {
		for _, n := range c.nodes {
			n.stop()
			n.start() // who has come meanwhile waits for it
			eventually(t, n.ready, "the new process is not ready")
			l.await(40)
		}
	}
	l.end()
	require.Empty(t, l.since(time.Time{}))
}

// While the database is away the answer is 503, and afterwards all is as it
// was: nobody is logged out, and nobody is somebody else.
func databaseRestarted(t *testing.T, c *cluster) {
	for _, mode := range []string{"fast", "immediate"} {
		l := c.startLoad(ada, bob)
		c.postgres.Stop(mode)
		require.False(t, c.nodes[0].ready())
		outage := l.counted(&l.unavailable)
		eventually(t, func() bool { return l.counted(&l.unavailable) >= outage+20 }, "nobody is told of the outage")
		c.postgres.Start()
		c.awaitReady()
		recovered := time.Now()
		l.await(40)
		l.end()
		require.Empty(t, l.otherThan503(), mode)
		require.Empty(t, l.since(recovered), mode)
	}
}

// A database that neither answers nor refuses holds nobody for ever.
func databaseHangs(t *testing.T, c *cluster) {
	v := c.visitor()
	require.Equal(t, http.StatusSeeOther, v.logIn(ada, password).status)
	c.postgres.Signal(syscall.SIGSTOP)
	defer c.postgres.Signal(syscall.SIGCONT)
	var all sync.WaitGroup
	for range 50 { // more than a node has connections
		all.Go(func() {
			if a, err := v.try("GET", "/", nil); err != nil || a.status != http.StatusServiceUnavailable {
				t.Errorf("%d, %v", a.status, err)
			}
		})
	}
	require.False(t, c.nodes[0].ready())
	all.Wait()
	c.postgres.Signal(syscall.SIGCONT)
	c.awaitReady()
	require.True(t, v.isHome(ada))
}

// A node that is killed takes the requests along that it was answering, and
// those that reached it while it died, which takes the system a while. Those that
// are sent later go to the other one.
func nodeKilled(t *testing.T, c *cluster) {
	killed, other := c.nodes[0], c.nodes[1]
	killed.stop()
	killed.closeSocket() // without systemd: nothing listens when the process is gone
	killed.start()
	c.awaitReady()
	l := c.startLoad(ada, bob)
	alive := time.Now()
	killed.kill()
	died := time.Now()
	l.await(100)
	require.True(t, other.ready())
	killed.start()
	c.awaitReady()
	l.await(40)
	l.end()
	require.Empty(t, l.outside(alive, died))
}
