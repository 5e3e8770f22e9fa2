package process

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
	"corral/lab/services"
)

func (p *process) page(b *http.Client, path string) string {
	p.t.Helper()
	res, err := b.Get(p.URL + path)
	require.NoError(p.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(p.t, err)
	require.Equal(p.t, 200, res.StatusCode)
	return string(body)
}

var sessionForm = regexp.MustCompile(`<form action="(/account/sessions/[0-9a-f-]{36})"`)

// otherSessionPath returns the path of the form that ends the session of the other browser.
func (p *process) otherSessionPath(b *http.Client) (path string) {
	p.t.Helper()
	page := p.page(b, "/account/sessions")
	forms := sessionForm.FindAllStringSubmatchIndex(page, -1)
	require.Len(p.t, forms, 2)
	begin := 0
	for _, form := range forms {
		if !strings.Contains(page[begin:form[0]], "This device") {
			path = page[form[2]:form[3]]
		}
		begin = form[1]
	}
	require.NotEmpty(p.t, path)
	return path
}

// tlsProxy sends https requests to the nodes unencrypted, as a TLS proxy does.
type tlsProxy struct{}

func (tlsProxy) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.Host = "http", "127.0.0.1"
	r.Header.Set("X-Forwarded-Proto", "https")
	r.Header.Set("X-Forwarded-For", "192.0.2.1")
	return http.DefaultTransport.RoundTrip(r)
}

// The nodes run in production: in development they would have different cookies, whose names
// contain the port.
func TestTwoNodes_ShareSessions(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, database string) {
		dir := t.TempDir()
		passwords := seed(t, dir, database)
		one, other := start(t, dir, binary.Production(database)...), start(t, dir, binary.Production(database)...)
		desk, phone := one.browser(), one.browser()
		for _, node := range []*process{one, other} {
			node.URL = strings.Replace(node.URL, "http:", "https:", 1)
		}
		desk.Transport, phone.Transport = tlsProxy{}, tlsProxy{}
		logIn := func(b *http.Client, node *process) {
			require.Equal(t, 303, node.logIn(b, "ada@example.com", passwords["ada@example.com"]))
			require.Equal(t, 200, one.home(b))
			require.Equal(t, 200, other.home(b))
		}
		logIn(desk, one)
		logIn(phone, other)
		status, _ := one.send(desk, one.otherSessionPath(desk), url.Values{"_method": {"DELETE"}})
		require.Equal(t, 303, status)
		require.Equal(t, 302, other.home(phone))
		require.Equal(t, 200, other.home(desk))

		logIn(phone, other)
		status, _ = one.send(desk, "/account/sessions", url.Values{"_method": {"DELETE"}})
		require.Equal(t, 303, status)
		require.Equal(t, 302, other.home(phone))

		logIn(phone, other)
		status, _ = one.send(phone, "/logout", url.Values{"_method": {"DELETE"}})
		require.Equal(t, 303, status)
		require.Equal(t, 302, other.home(phone))
	})
}

func TestTwoNodes_ShareRateLimits(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, database string) {
		dir := t.TempDir()
		passwords := seed(t, dir, database)
		one, other := start(t, dir, database), start(t, dir, database)
		for n, node := range []*process{one, other, one, other, one, other, one, other, one, other} {
			require.Equal(t, 422, node.logIn(node.browser(), fmt.Sprintf("user%d@example.com", n), "wrong"))
		}
		for _, node := range []*process{one, other} {
			require.Equal(t, 429, node.logIn(node.browser(), "ada@example.com", passwords["ada@example.com"]), "the client has failed ten times")
			node.Kill()
		}
		restarted := start(t, dir, database)
		require.Equal(t, 429, restarted.logIn(restarted.browser(), "ada@example.com", passwords["ada@example.com"]), "after a restart, until three minutes are over")
	})
}

// A node whose clock differs from the database's, for example by a time zone, purges nothing.
func TestTwoNodes_WrongClockPurgesNothing(t *testing.T) {
	dir, database := t.TempDir(), services.NewDatabase(t, services.Server(t))
	password := seed(t, dir, "DATABASE_URL="+database)["ada@example.com"]
	one := start(t, dir, "DATABASE_URL="+database)
	ada := one.browser()
	require.Equal(t, 303, one.logIn(ada, "ada@example.com", password))

	// Make the database's clock wrong for one node only, by a search_path that finds this
	// function before PostgreSQL's.
	services.Execute(t, database, `CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql
		AS 'SELECT pg_catalog.clock_timestamp() - interval ''40 minutes'''`)
	wrong := "DATABASE_URL=" + database + "&search_path=public,pg_catalog"
	other := binary.Launch(t, dir, wrong)
	const apart = "the clocks of this machine and of the database are 40m0s apart: set both by NTP"
	require.Eventually(t, func() bool { return strings.Contains(other.Out.String(), apart) }, time.Minute, 10*time.Millisecond)
	require.Contains(t, other.Out.String(), "purge failed")
	require.False(t, other.Ready())
	require.True(t, one.Ready())
	require.Equal(t, 200, one.home(ada))
	lines, _ := doctorFaults(t, dir, []string{wrong})
	require.Equal(t, "fail "+apart+"\n", lines["clock"])
}

// These are the steps of docs/deploy.md. At each step, one node after the other is
// restarted, and every browser stays logged in on both.
func TestTwoNodes_RotateSecretsWithoutLogout(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, database string) {
		const oldSecret, newSecret = binary.Secret, "9b1c7d3e5f7081a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f7081920"
		dir := t.TempDir()
		password := seed(t, dir, database)["ada@example.com"]
		node := func(secrets string) *process {
			p := start(t, dir, binary.Production(database, "SESSION_SECRET="+secrets)...)
			p.URL = strings.Replace(p.URL, "http:", "https:", 1)
			return p
		}
		nodes := [2]*process{node(oldSecret), node(oldSecret)}
		var browsers []*http.Client
		logInOnBoth := func() { // and requires that all browsers are still logged in
			for _, n := range nodes {
				b := n.browser()
				b.Transport = tlsProxy{}
				require.Equal(t, 303, n.logIn(b, "ada@example.com", password))
				browsers = append(browsers, b)
			}
			for _, b := range browsers {
				for range 2 { // the first answer may replace the cookie by one of the new secret
					for _, n := range nodes {
						require.Equal(t, 200, n.home(b))
					}
				}
			}
		}
		logInOnBoth()
		for _, secrets := range []string{oldSecret + "," + newSecret, newSecret + "," + oldSecret, newSecret} {
			for i := range nodes {
				nodes[i].Stop()
				nodes[i] = node(secrets)
				logInOnBoth()
			}
		}
	})
}
