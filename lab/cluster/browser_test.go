package cluster

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

const password = "four random words work well"

type browser struct {
	cluster *cluster
	client  *http.Client
	node    *node  // connects to this node; if nil, to nginx
	ip      string // the client IP that it reports to a node
}

type answer struct {
	status   int
	location string
	page     string
	header   http.Header
}

func (c *cluster) browser() *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(c.t, err)
	b := &browser{cluster: c, ip: "198.51.100.1"}
	b.client = &http.Client{
		Jar: jar, Transport: b.transport(), Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return b
}

// transport connects to nginx or to a node, whatever the host of the URL is.
func (b *browser) transport() http.RoundTripper {
	toNginx := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: b.cluster.certificate.Roots},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, b.cluster.nginx)
		},
	}
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if b.node == nil {
			return toNginx.RoundTrip(r)
		}
		direct := r.Clone(r.Context())
		direct.URL.Scheme, direct.URL.Host, direct.Host = "http", b.node.address, domain
		direct.Header.Set("X-Forwarded-Proto", "https")
		direct.Header.Set("X-Forwarded-For", b.ip)
		return http.DefaultTransport.RoundTrip(direct)
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func request(method, target string, form url.Values) *http.Request {
	r, err := http.NewRequest(method, target, strings.NewReader(form.Encode()))
	if err != nil {
		panic(err) // the test's URL is invalid
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}

func (b *browser) try(method, path string, form url.Values) (answer, error) {
	res, err := b.client.Do(request(method, "https://"+domain+path, form))
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	return answer{status: res.StatusCode, location: res.Header.Get("Location"), page: string(page), header: res.Header}, err
}

func (b *browser) send(method, path string, form url.Values) answer {
	b.cluster.t.Helper()
	a, err := b.try(method, path, form)
	require.NoError(b.cluster.t, err)
	return a
}

func (b *browser) get(path string) answer { b.cluster.t.Helper(); return b.send("GET", path, nil) }

// submit submits a form with the method in the field _method: HTML forms can only use GET
// and POST.
func (b *browser) submit(method, path string, form url.Values) answer {
	b.cluster.t.Helper()
	if form == nil {
		form = url.Values{}
	}
	form.Set("_method", method)
	return b.send("POST", path, form)
}

func (b *browser) logIn(email, password string) answer {
	b.cluster.t.Helper()
	return b.send("POST", "/login", url.Values{"email": {email}, "password": {password}})
}

func (b *browser) isHome(email string) bool {
	b.cluster.t.Helper()
	a := b.get("/")
	return a.status == http.StatusOK && strings.Contains(a.page, email)
}

// account creates an account with the password.
func (c *cluster) account(email string) {
	c.t.Helper()
	_, path, found := strings.Cut(strings.TrimSpace(c.task("user:create", email)), "https://"+domain)
	require.True(c.t, found)
	b := c.browser()
	require.Equal(c.t, http.StatusFound, b.get(path).status)
	require.Equal(c.t, http.StatusSeeOther, b.submit("PUT", "/password/reset", url.Values{"password": {password}}).status)
}
