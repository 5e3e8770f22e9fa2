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

// visitor is a browser: it keeps cookies and shows redirects instead of following them.
type visitor struct {
	cluster *cluster
	client  *http.Client
	at      *node // asked directly, as the proxy does; nil goes through nginx
	from    string
}

// answer is a response that was read whole.
type answer struct {
	status   int
	location string
	page     string
	header   http.Header
}

func (c *cluster) visitor() *visitor {
	jar, err := cookiejar.New(nil)
	require.NoError(c.t, err)
	v := &visitor{cluster: c, from: "198.51.100.1"}
	v.client = &http.Client{
		Jar: jar, Transport: v.transport(), Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return v
}

// transport goes to nginx over TLS, whatever the name resolves to.
func (v *visitor) transport() http.RoundTripper {
	toNginx := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: v.cluster.certificate.Roots},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, v.cluster.nginx)
		},
	}
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if v.at == nil {
			return toNginx.RoundTrip(r)
		}
		direct := r.Clone(r.Context())
		direct.URL.Scheme, direct.URL.Host, direct.Host = "http", v.at.address, domain
		direct.Header.Set("X-Forwarded-Proto", "https")
		direct.Header.Set("X-Forwarded-For", v.from)
		return http.DefaultTransport.RoundTrip(direct)
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func request(method, target string, form url.Values) *http.Request {
	r, err := http.NewRequest(method, target, strings.NewReader(form.Encode()))
	if err != nil {
		panic(err) // the tests' own targets
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}

// try asks for a page, and may fail.
func (v *visitor) try(method, path string, form url.Values) (answer, error) {
	res, err := v.client.Do(request(method, "https://"+domain+path, form))
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header.Get("Location"), string(page), res.Header}, err
}

func (v *visitor) send(method, path string, form url.Values) answer {
	v.cluster.t.Helper()
	a, err := v.try(method, path, form)
	require.NoError(v.cluster.t, err)
	return a
}

func (v *visitor) get(path string) answer { v.cluster.t.Helper(); return v.send("GET", path, nil) }

// change sends a form with another method than POST.
func (v *visitor) change(method, path string, form url.Values) answer {
	v.cluster.t.Helper()
	if form == nil {
		form = url.Values{}
	}
	form.Set("_method", method)
	return v.send("POST", path, form)
}

func (v *visitor) logIn(email, password string) answer {
	v.cluster.t.Helper()
	return v.send("POST", "/login", url.Values{"email": {email}, "password": {password}})
}

// isHome says whether the home page is that of a person.
func (v *visitor) isHome(email string) bool {
	v.cluster.t.Helper()
	a := v.get("/")
	return a.status == http.StatusOK && strings.Contains(a.page, email)
}

// account makes an account as an operator does, and sets its password.
func (c *cluster) account(email string) {
	c.t.Helper()
	_, path, found := strings.Cut(strings.TrimSpace(c.task("user:create", email)), "https://"+domain)
	require.True(c.t, found)
	v := c.visitor()
	require.Equal(c.t, http.StatusFound, v.get(path).status)
	require.Equal(c.t, http.StatusSeeOther, v.change("PUT", "/password/reset", url.Values{"password": {password}}).status)
}
