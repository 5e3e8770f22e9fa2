package browser

import (
	"bytes"
	"context"
	"crypto/tls"
	"database/sql"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
	"corral/lab/services"
)

type site struct {
	url, dir string
	mails    *services.Mailbox // nil in development
	app      *binary.Process
	env      []string
	provider string // the URL of a provider that pages may lead to, or ""
}

// openSite starts the app in production, behind a TLS proxy and with a mail
// server.
func openSite(t *testing.T) *site {
	t.Helper()
	return openSiteAt(t, siteName)
}

func openSiteAt(t *testing.T, host string) *site {
	t.Helper()
	requireChromium(t, person{})
	port := binary.FreePort(t)
	s := &site{dir: t.TempDir(), mails: services.OpenMailbox(t, certificate())}
	proxy := httptest.NewUnstartedServer(reverseProxy("127.0.0.1:" + port))
	proxy.Config.ErrorLog = log.New(io.Discard, "", 0) // Chromium drops connections
	proxy.TLS = certificate().TLS()
	proxy.StartTLS()
	t.Cleanup(proxy.Close)
	s.url = "https://" + net.JoinHostPort(host, portOf(t, proxy.URL))
	s.env = binary.Production("PORT="+port, "HOST="+s.url, s.mails.Variable, certificate().Variable())
	s.app = binary.Start(t, s.dir, s.env...)
	return s
}

func (s *site) restart(t *testing.T, changes ...string) {
	t.Helper()
	s.app.Kill()
	s.app = binary.Start(t, s.dir, append(slices.Clip(s.env), changes...)...)
}

// ipHeader is the header by which a browser tells the proxy its IP.
const ipHeader = "X-Test-IP"

func reverseProxy(app string) http.Handler {
	return &httputil.ReverseProxy{ErrorLog: log.New(io.Discard, "", 0), ModifyResponse: whole, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: app})
		r.Out.Host = r.In.Host
		r.Out.Header.Del(ipHeader)
		r.Out.Header.Set("X-Forwarded-For", r.In.Header.Get(ipHeader))
		r.Out.Header.Set("X-Forwarded-Proto", "https")
	}}
}

// whole buffers a response, as nginx does. Without that, one in thirty responses lost
// its last bytes.
func whole(res *http.Response) error {
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return err
}

// openDevelopment starts the app in development, in a copy of the files that it reads
// there.
func openDevelopment(t *testing.T, env ...string) *site {
	t.Helper()
	requireChromium(t, person{})
	s := &site{dir: t.TempDir()}
	for _, folder := range []string{"templates", "assets", "locales"} {
		require.NoError(t, os.CopyFS(filepath.Join(s.dir, folder), os.DirFS(filepath.Join(binary.Root(), folder))))
	}
	s.app = binary.Start(t, s.dir, env...)
	s.url = s.app.URL
	return s
}

func (s *site) database(t *testing.T) *sql.DB {
	t.Helper()
	db := services.OpenDatabase(t, "sqlite3://"+filepath.Join(s.dir, "storage", "production.sqlite"))
	db.SetMaxOpenConns(1) // so that BEGIN and later statements use the same connection
	return db
}

// tenMinutesLater makes all confirmations at /sudo expire.
func (s *site) tenMinutesLater(t *testing.T) {
	t.Helper()
	_, err := s.database(t).Exec("UPDATE sessions SET confirmed_at = NULL")
	require.NoError(t, err)
}

func (s *site) logTail() string {
	lines := strings.Split(s.app.Log(), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}

func portOf(t *testing.T, rawURL string) string {
	t.Helper()
	u, err := url.Parse(rawURL)
	require.NoError(t, err)
	return u.Port()
}

// dialHere connects to this machine, whatever the host in address is.
func dialHere(ctx context.Context, network, address string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
}

// client is an HTTP client that does not follow redirects.
var client = &http.Client{
	Timeout:       patience,
	Transport:     &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DialContext: dialHere},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}
