package cluster

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
	"corral/lab/services"
)

const (
	ada   = "ada@example.com"
	bob   = "bob@example.com"
	carol = "carol@example.com"
)

func TestNodes(t *testing.T) {
	c := newCluster(t, nil)
	c.account(ada)
	c.account(bob)
	for _, subtest := range []struct {
		name string
		test func(*testing.T, *cluster)
	}{
		{"MigrateAtOnce", migrateAtOnce},
		{"ShareSessions", shareSessions},
		{"ShareRateLimits", shareRateLimits},
		{"SendEachMailOnce", sendEachMailOnce},
		{"RollingRestart", rollingRestart},
		{"DatabaseRestarted", databaseRestarted},
		{"DatabaseHangs", databaseHangs},
		{"NodeKilled", nodeKilled},
	} {
		t.Run(subtest.name, func(t *testing.T) {
			t.Cleanup(func() {
				if t.Failed() {
					log, _ := os.ReadFile(c.nginxLog)
					t.Log(c.nodes[0].loggedErrors(), c.nodes[1].loggedErrors(), string(log))
				}
			})
			subtest.test(t, c)
		})
	}
}

// On each of two empty databases, four processes migrate at the same time.
func migrateAtOnce(t *testing.T, c *cluster) {
	files, err := filepath.Glob(filepath.Join(binary.Root(), "migrations/*.up.fizz"))
	require.NoError(t, err)
	require.Equal(t, len(files), c.query("postgres", "SELECT count(*) FROM schema_migration"))
	for round := range 2 {
		database := fmt.Sprint("empty", round)
		services.Execute(t, c.postgres.URL("postgres"), "CREATE DATABASE "+database)
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				migrate := c.command("task", "db:migrate")
				migrate.Env = append(migrate.Env, "DATABASE_URL="+c.postgres.URL(database))
				if err := migrate.Run(); err != nil {
					t.Errorf("%v: %s", err, migrate.Log())
				}
			})
		}
		all.Wait()
		require.Equal(t, len(files), c.query(database, "SELECT count(DISTINCT version) FROM schema_migration"))
		require.Equal(t, len(files), c.query(database, "SELECT count(*) FROM schema_migration"))
	}
}

func shareSessions(t *testing.T, c *cluster) {
	b := c.browser()
	b.node = c.nodes[0]
	require.Equal(t, http.StatusSeeOther, b.logIn(ada, password).status)
	b.node = c.nodes[1]
	require.True(t, b.isHome(ada))

	attacker := c.browser() // with copies of the cookies
	attacker.client.Jar, attacker.node = b.client.Jar, c.nodes[0]
	require.True(t, attacker.isHome(ada))
	cookies := b.client.Jar.Cookies(&url.URL{Scheme: "https", Host: domain, Path: "/"})
	require.Equal(t, http.StatusSeeOther, b.submit("DELETE", "/logout", nil).status)
	attacker = c.browser()
	attacker.client.Jar.SetCookies(&url.URL{Scheme: "https", Host: domain, Path: "/"}, cookies)
	attacker.node = c.nodes[0]
	require.Equal(t, "/login?next=%2F", attacker.get("/").location)

	phone, laptop := c.browser(), c.browser()
	phone.node, laptop.node = c.nodes[0], c.nodes[1]
	require.Equal(t, http.StatusSeeOther, phone.logIn(ada, password).status)
	require.Equal(t, http.StatusSeeOther, laptop.logIn(ada, password).status)
	require.Equal(t, http.StatusSeeOther, laptop.submit("DELETE", "/account/sessions", nil).status)
	require.Equal(t, "/login?next=%2F", phone.get("/").location)
	require.True(t, laptop.isHome(ada))
}

func shareRateLimits(t *testing.T, c *cluster) {
	b, start := c.browser(), time.Now()
	for n := range 5 {
		b.node = c.nodes[n%2]
		require.Equal(t, http.StatusUnprocessableEntity, b.logIn("carol@example.com", "wrong").status)
	}
	// A slow test would miss the wait of a second, which the fifth failure began.
	services.Execute(t, c.databaseURL, "UPDATE rate_limits SET open_ms = open_ms + 60000 WHERE open_ms > $1", start.UnixMilli())
	for n := range 2 {
		b.node = c.nodes[n]
		a := b.logIn("carol@example.com", "wrong")
		require.Equal(t, http.StatusTooManyRequests, a.status)
		require.NotEmpty(t, a.header.Get("Retry-After"))
	}

	b.ip = "198.51.100.77" // the next attempts count for the rate limit of this client
	for n := range 10 {
		b.node = c.nodes[n%2]
		require.Equal(t, http.StatusUnprocessableEntity, b.logIn(fmt.Sprintf("stranger%d@example.com", n), "wrong").status)
	}
	for n := range 2 {
		b.node = c.nodes[n]
		require.Equal(t, http.StatusTooManyRequests, b.logIn(bob, password).status)
	}
}

func sendEachMailOnce(t *testing.T, c *cluster) {
	const signUps = 30
	for n := range signUps {
		b := c.browser()
		b.node, b.ip = c.nodes[n%2], fmt.Sprintf("203.0.113.%d", n)
		require.Equal(t, http.StatusSeeOther, b.send("POST", "/signup", url.Values{"email": {fmt.Sprintf("%d@once.example", n)}}).status)
	}
	// Each mail has one attempt, so none was sent twice.
	eventually(t, func() bool {
		return signUps == c.query("postgres", `SELECT count(*) FROM mails
			WHERE recipient LIKE '%@once.example' AND delivered_at IS NOT NULL AND attempts = 1 AND due_at IS NULL`)
	}, "mails are left")
	mails, recipients := 0, map[string]bool{}
	for _, m := range c.mail.Unread() {
		if strings.HasSuffix(m.To, "@once.example") {
			mails++
			recipients[m.To] = true
			require.Contains(t, m.Text, "https://"+domain, "the link has the public URL, not the node's address")
		}
	}
	require.Equal(t, signUps, mails)
	require.Len(t, recipients, signUps)
}
