package cluster

import (
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func rollingRestart(t *testing.T, c *cluster) {
	l := c.startLoad(ada, bob)
	for range 2 {
		for _, n := range c.nodes {
			n.stop()
			n.start() // connections wait until the new process serves
			eventually(t, n.ready, "the new process is not ready")
			l.await(40)
		}
	}
	l.end()
	require.Empty(t, l.failures)
}

func databaseRestarted(t *testing.T, c *cluster) {
	for _, mode := range []string{"fast", "immediate"} {
		l := c.startLoad(ada, bob)
		c.postgres.Stop(mode)
		require.False(t, c.nodes[0].ready())
		before := l.read(&l.unavailable)
		eventually(t, func() bool { return l.read(&l.unavailable) >= before+20 }, "no 503 during the outage")
		c.postgres.Start()
		c.awaitReady()
		recovery := time.Now()
		l.await(40)
		l.end()
		require.Empty(t, l.failuresExcept503(), mode)
		require.Empty(t, l.failuresAfter(recovery), mode)
	}
	require.NotEmpty(t, append(c.nodes[0].loggedErrors(), c.nodes[1].loggedErrors()...), "other tests require that there are none")
}

func databaseHangs(t *testing.T, c *cluster) {
	b := c.browser()
	require.Equal(t, http.StatusSeeOther, b.logIn(ada, password).status)
	var all sync.WaitGroup
	answered := make(chan bool, 40)
	for n := range cap(answered) { // some logins are counted before the outage, and fail during it
		guess := c.browser()
		guess.node, guess.ip = c.nodes[n%2], fmt.Sprintf("203.0.113.%d", n)
		all.Go(func() {
			form := url.Values{"email": {fmt.Sprintf("guess%d@example.com", n)}, "password": {"wrong"}}
			a, err := guess.try("POST", "/login", form)
			if err != nil || a.status != http.StatusUnprocessableEntity && a.status != http.StatusServiceUnavailable {
				t.Errorf("%d, %v", a.status, err)
			}
			answered <- true
		})
	}
	<-answered
	c.postgres.Signal(syscall.SIGSTOP)
	defer c.postgres.Signal(syscall.SIGCONT)
	for range 50 { // more than a node's pool of connections
		all.Go(func() {
			if a, err := b.try("GET", "/", nil); err != nil || a.status != http.StatusServiceUnavailable {
				t.Errorf("%d, %v", a.status, err)
			}
		})
	}
	require.False(t, c.nodes[0].ready())
	all.Wait()
	c.postgres.Signal(syscall.SIGCONT)
	c.awaitReady()
	require.True(t, b.isHome(ada))
}

// Requests in progress fail, and so do those that arrive while the process dies. Later
// requests go to the other node.
func nodeKilled(t *testing.T, c *cluster) {
	killed, other := c.nodes[0], c.nodes[1]
	killed.stop()
	killed.closeSocket() // so that nothing listens after the process has died
	killed.start()
	c.awaitReady()
	l := c.startLoad(ada, bob)
	beforeKill := time.Now()
	killed.kill()
	afterKill := time.Now()
	l.await(100)
	require.True(t, other.ready())
	killed.start()
	c.awaitReady()
	l.await(40)
	l.end()
	require.Empty(t, l.failuresOutside(beforeKill, afterKill))
}
