package browser

import (
	"bytes"
	"crypto/tls"
	"database/sql"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/config/configtest"
)

// site is the app, running in a folder of its own.
type site struct {
	url, dir string
	mails    *mailbox // nil in development, which sends none
	// restart may change the environment, as in NAME=value.
	restart func(t *testing.T, changes ...string)
}

// openSite starts the app as it runs in production: behind a proxy that ends
// TLS, and with a mail server.
func openSite(t *testing.T) *site {
	t.Helper()
	requireChromium(t)
	port := configtest.FreePort(t)
	s := &site{dir: t.TempDir(), mails: openMailbox(t)}
	proxy := httptest.NewUnstartedServer(reverseProxy("127.0.0.1:" + port))
	proxy.Config.ErrorLog = log.New(io.Discard, "", 0) // of connections that Chromium drops
	proxy.TLS = certificate().tls.Clone()
	proxy.StartTLS()
	t.Cleanup(proxy.Close)
	s.url = proxy.URL
	s.start(t, port, "GO_ENV=production", "ADDR=127.0.0.1", "HOST="+proxy.URL, "TRUSTED_PROXIES=127.0.0.1/32",
		"SMTP_URL="+s.mails.url, "SSL_CERT_FILE="+certificate().file,
		"SESSION_SECRET=c0f1e2d3b4a5968778695a4b3c2d1e0ff0e1d2c3b4a5968778695a4b3c2d1e0f")
	return s
}

// addressHeader is how a browser of these tests tells the proxy where it stands.
const addressHeader = "X-Test-Address"

// reverseProxy tells the app who asks, and that they came over TLS.
func reverseProxy(app string) http.Handler {
	return &httputil.ReverseProxy{ErrorLog: log.New(io.Discard, "", 0), ModifyResponse: whole, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: app})
		r.Out.Host = r.In.Host
		r.Out.Header.Del(addressHeader)
		r.Out.Header.Set("X-Forwarded-For", r.In.Header.Get(addressHeader))
		r.Out.Header.Set("X-Forwarded-Proto", "https")
	}}
}

// whole reads an answer to its end before the browser gets its beginning, as
// nginx does. Sent on piece by piece, one in thirty ended without its last bytes.
func whole(res *http.Response) error {
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return err
}

// openDevelopment starts the app as its developer does, in a copy of what it
// reads while it runs.
func openDevelopment(t *testing.T) *site {
	t.Helper()
	requireChromium(t)
	s := &site{dir: t.TempDir()}
	for _, folder := range []string{"templates", "assets", "locales"} {
		require.NoError(t, os.CopyFS(filepath.Join(s.dir, folder), os.DirFS(filepath.Join("..", folder))))
	}
	port := configtest.FreePort(t)
	s.url = "http://127.0.0.1:" + port
	s.start(t, port)
	return s
}

// start runs the binary until the end of the test, and waits until it answers.
func (s *site) start(t *testing.T, port string, env ...string) {
	t.Helper()
	path, err := binary()
	require.NoError(t, err)
	output, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	app := exec.Command(path)
	app.Dir, app.Stdout, app.Stderr = s.dir, output, output
	app.Env = append(slices.Clip(env), "PORT="+port, "HOME="+s.dir, "PATH="+os.Getenv("PATH"))
	require.NoError(t, app.Start())
	ended := make(chan struct{})
	go func() { app.Wait(); close(ended) }()
	stop := func() { app.Process.Kill(); <-ended; output.Close() }
	t.Cleanup(stop)
	s.restart = func(t *testing.T, changes ...string) {
		stop()
		s.start(t, port, append(slices.Clip(env), changes...)...)
	}
	for deadline := time.After(patience); ; {
		if res, err := client.Get("http://127.0.0.1:" + port + "/readyz"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-ended:
			require.Fail(t, "the app has ended", s.log())
		case <-deadline:
			require.Fail(t, "the app does not answer", s.log())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// database opens the app's own, past the app.
func (s *site) database(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite3", filepath.Join(s.dir, "storage", "production.sqlite"))
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1) // one connection, which keeps its transaction
	return db
}

// log is what the app has printed.
func (s *site) log() string {
	text, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	return string(text)
}

// lately is the end of the log.
func (s *site) lately() string {
	lines := strings.Split(s.log(), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}

// client talks to the site past the browser, and follows nothing.
var client = &http.Client{
	Timeout:       patience,
	Transport:     &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}
