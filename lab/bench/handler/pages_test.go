// Package handler measures the app's handler, without a socket:
//
//	go test -run "^$" -bench Pages -cpuprofile cpu.prof ./bench/handler
package handler

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/actions"
	"corral/config"
	"corral/internal/web"
	"corral/models/modelstest"
)

func TestMain(m *testing.M) { modelstest.Main(m) }

type page struct {
	name, path string
	loggedIn   bool
	status     int
}

var pages = []page{
	{"home", "/", true, 200},
	{"welcome", "/welcome", false, 200},
	{"welcome logged in", "/welcome", true, 200},
	{"login", "/login", false, 200},
	{"account", "/account", true, 200},
	{"devices", "/account/sessions", true, 200},
	{"not found", "/nothing/here", false, 404},
}

// request returns the request for the page. ada is the cookie of a session.
func (p page) request(ada string) *http.Request {
	if p.loggedIn {
		return request("GET", p.path, "", ada)
	}
	return request("GET", p.path, "", "")
}

// The benchmark measures these pages, and not redirects or errors.
func TestPages_AreServed(t *testing.T) {
	modelstest.SignUp(t, "ada@example.com")
	h := productionHandler(t)
	ada := cookiesOf(t, h)
	for _, p := range pages {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, p.request(ada))
		require.Equal(t, p.status, w.Code, p.name)
	}
}

// BenchmarkPages measures pages as in production.
//
//	go test -run '^$' -bench Pages ./bench/handler
func BenchmarkPages(b *testing.B) {
	modelstest.SignUp(b, "ada@example.com")
	h := productionHandler(b)
	ada := cookiesOf(b, h)
	for _, page := range pages {
		b.Run(page.name, func(b *testing.B) {
			r := page.request(ada)
			b.ReportAllocs()
			for b.Loop() {
				w := &blank{header: http.Header{}}
				h.ServeHTTP(w, r)
				if w.status >= 500 || w.bytes == 0 {
					b.Fatal(page.path, w.status, w.bytes)
				}
			}
		})
	}
}

// productionHandler returns the app's handler as in production. It writes its log to
// /dev/null.
func productionHandler(b testing.TB) http.Handler {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(b, err)
	b.Cleanup(func() { null.Close() })
	c := modelstest.Config(func(c *config.Config) {
		c.Env = config.Production
		c.Host = &url.URL{Scheme: "https", Host: "corral.example"}
	})
	logger := web.NewLogger(null, c.LogLevel, true)
	return actions.Handler(actions.App(c, logger), c, logger, nil)
}

// request returns the request of a browser over https.
func request(method, path, form, cookies string) *http.Request {
	r := httptest.NewRequest(method, "https://corral.example"+path, strings.NewReader(form))
	if form == "" {
		r.Body = http.NoBody // as in a server
	}
	r.Header = http.Header{
		"Accept":          {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
		"Accept-Language": {"en-US,en;q=0.5"},
		"Accept-Encoding": {"gzip, deflate, br"},
		"Sec-Fetch-Site":  {"same-origin"},
		"User-Agent":      {"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
	}
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if cookies != "" {
		r.Header.Set("Cookie", cookies)
	}
	return r
}

// cookiesOf logs Ada in and returns the cookies. It visits a page once, which removes
// the flash message from them.
func cookiesOf(b testing.TB, h http.Handler) (cookies string) {
	credentials := url.Values{"email": {"ada@example.com"}, "password": {modelstest.Password}}.Encode()
	for _, page := range []struct{ method, path, form string }{{"POST", "/login", credentials}, {"GET", "/", ""}} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, request(page.method, page.path, page.form, cookies))
		require.Less(b, w.Code, 400)
		for _, c := range w.Result().Cookies() {
			if c.Name == "__Host-corral" {
				cookies = c.Name + "=" + c.Value
			}
		}
	}
	require.NotEmpty(b, cookies)
	return cookies
}

// blank is a ResponseWriter that discards the response.
type blank struct {
	header        http.Header
	status, bytes int
}

func (w *blank) Header() http.Header         { return w.header }
func (w *blank) WriteHeader(status int)      { w.status = status }
func (w *blank) Write(b []byte) (int, error) { w.bytes += len(b); return len(b), nil }
