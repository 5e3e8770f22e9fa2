package actions_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/actions"
	"corral/config"
	"corral/models/modelstest"
)

// BenchmarkPages is what a page costs between the socket and the database, as
// production serves it. What the socket costs is measured by go run ./bench.
//
//	go test -run '^$' -bench Pages ./actions
func BenchmarkPages(b *testing.B) {
	modelstest.Empty(b)
	modelstest.SignUp(b, "ada@example.com")
	h := productionHandler(b)
	signedIn := cookiesOf(b, h)
	for _, page := range []struct{ name, path, cookies string }{
		{"home", "/", signedIn},
		{"welcome", "/welcome", ""},
		{"welcome signed in", "/welcome", signedIn},
		{"login", "/login", ""},
		{"account", "/account", signedIn},
		{"devices", "/account/sessions", signedIn},
		{"not found", "/nothing/here", ""},
	} {
		b.Run(page.name, func(b *testing.B) {
			r := asked("GET", page.path, page.cookies)
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

// productionHandler is the app as production runs it, its log thrown away by
// the system.
func productionHandler(b *testing.B) http.Handler {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(b, err)
	b.Cleanup(func() { null.Close() })
	actions.LogTo(b, null)
	c := testConfig(b, func(c *config.Config) {
		c.Env = config.Production
		c.Host = &url.URL{Scheme: "https", Host: "corral.example"}
	})
	return actions.Edge(actions.New(c), c, nil)
}

// asked is a request as a browser sends it to a process that ends TLS itself.
func asked(method, path, cookies string) *http.Request {
	r := httptest.NewRequest(method, "https://corral.example"+path, nil)
	r.Header = http.Header{
		"Accept":          {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
		"Accept-Language": {"en-US,en;q=0.5"},
		"Accept-Encoding": {"gzip, deflate, br"},
		"Sec-Fetch-Site":  {"same-origin"},
		"User-Agent":      {"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
	}
	if cookies != "" {
		r.Header.Set("Cookie", cookies)
	}
	return r
}

// cookiesOf logs Ada in and shows her the flash message.
func cookiesOf(b *testing.B, h http.Handler) string {
	r := asked("POST", "/login", "")
	r.PostForm = url.Values{"email": {"ada@example.com"}, "password": {modelstest.Password}}
	cookies := ""
	for _, r := range []*http.Request{r, asked("GET", "/", "")} {
		if cookies != "" {
			r.Header.Set("Cookie", cookies)
		}
		w := serve(h, r)
		require.Less(b, w.Code, 400)
		for _, c := range w.Result().Cookies() {
			cookies = c.Name + "=" + c.Value // the last is the session
		}
	}
	return cookies
}

// blank takes an answer and keeps none of it.
type blank struct {
	header        http.Header
	status, bytes int
}

func (w *blank) Header() http.Header         { return w.header }
func (w *blank) WriteHeader(status int)      { w.status = status }
func (w *blank) Write(b []byte) (int, error) { w.bytes += len(b); return len(b), nil }
