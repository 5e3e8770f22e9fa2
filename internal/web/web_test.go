package web

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/logger"
	"github.com/stretchr/testify/require"
)

// echo is an app that answers with the method, path and form of a request.
var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	MethodOverride(w, r)
	if r.URL.Path == "/panic" {
		panic("kept from the client")
	}
	fmt.Fprintf(w, "%s %s %s", r.Method, r.URL.Path, r.PostForm.Encode())
})

func page(w http.ResponseWriter, _ *http.Request, status int) { w.WriteHeader(status) }

// newApp returns an app with the same options as package actions.
func newApp(method string, h buffalo.Handler) *buffalo.App {
	app := buffalo.New(buffalo.Options{Env: "test", Logger: logger.NewLogger("panic"), MethodOverride: MethodOverride})
	app.Middleware.Remove(buffalo.RequestLogger, app.PanicHandler)
	app.Muxer().SkipClean(true)
	renderError := func(status int, err error, c buffalo.Context) error {
		if Info(c).Started() {
			panic(http.ErrAbortHandler)
		}
		if TooLarge(err) {
			status = http.StatusRequestEntityTooLarge
		}
		page(c.Response(), c.Request(), status)
		return nil
	}
	app.ErrorHandlers[http.StatusInternalServerError] = renderError
	app.ErrorHandlers.Default(renderError)
	map[string]func(string, buffalo.Handler) *buffalo.RouteInfo{"GET": app.GET, "POST": app.POST, "PUT": app.PUT}[method]("/", h)
	return app
}

// testOptions returns options as in development, with a stylesheet.
func testOptions(t testing.TB) Options {
	t.Helper()
	assets, err := LoadAssets(fstest.MapFS{"app.css": {Data: []byte(strings.Repeat("body{}", 100))}}, false)
	require.NoError(t, err)
	return Options{
		PublicURL:     &url.URL{Scheme: "http", Host: "127.0.0.1:3000"},
		LoopbackNames: true,
		Assets:        assets,
		Logger:        slog.New(slog.DiscardHandler),
		ErrorPage:     page,
	}
}

func serve(t testing.TB, app http.Handler, change ...func(*Options)) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(chain(t, app, change...))
	t.Cleanup(s.Close)
	return s
}

func chain(t testing.TB, app http.Handler, change ...func(*Options)) http.Handler {
	t.Helper()
	o := testOptions(t)
	for _, change := range change {
		change(&o)
	}
	return New(app, o)
}

func inProduction(o *Options) {
	o.PublicURL = &url.URL{Scheme: "https", Host: "corral.example"}
	o.HTTPS, o.LoopbackNames = true, false
	o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
}

func logTo(w io.Writer) func(*Options) {
	return func(o *Options) { o.Logger = NewLogger(w, slog.LevelInfo, true) }
}

func send(t testing.TB, s *httptest.Server, method, path, body string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, s.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(t, err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res, string(answer)
}

func TestCrossOrigin(t *testing.T) {
	s := serve(t, echo)
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
		for _, c := range []struct {
			name, value string
			status      int
		}{
			{"Sec-Fetch-Site", "cross-site", 403}, {"Sec-Fetch-Site", "same-site", 403}, {"Origin", "https://evil.example", 403},
			{"Origin", "null", 403}, {"Sec-Fetch-Site", "same-origin", 200}, {"Sec-Fetch-Site", "none", 200}, {"Origin", s.URL, 200},
		} {
			res, _ := send(t, s, method, "/", "a=1", c.name, c.value)
			require.Equal(t, c.status, res.StatusCode, "%s %s %s", method, c.name, c.value)
		}
	}
	res, _ := send(t, s, "GET", "/", "", "Sec-Fetch-Site", "cross-site")
	require.Equal(t, 200, res.StatusCode, "a link from elsewhere")
}

func TestCrossOrigin_OpenPath(t *testing.T) {
	s := serve(t, echo, func(o *Options) { o.CrossOrigin = func(path string) bool { return path == "/hook" } })
	for path, status := range map[string]int{"/hook": 200, "/hook/": 403, "/HOOK": 403, "/": 403} {
		for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://shop.example"}, {"Origin", "null"}} {
			res, _ := send(t, s, "POST", path, "a=1", header...)
			require.Equal(t, status, res.StatusCode, "%s %s", path, header)
		}
	}
}

func TestHost(t *testing.T) {
	development, production := serve(t, echo), serve(t, echo, inProduction)
	for host, status := range map[string]int{
		"127.0.0.1:3000": 200, "localhost": 200, "LOCALHOST:8080": 200, "[::1]:80": 200, "localhost:": 200, "evil.example": 421, "127.0.0.1.evil.example": 421, "10.0.0.1": 421,
	} {
		res, _ := send(t, development, "GET", "/", "", "Host", host)
		require.Equal(t, status, res.StatusCode, host)
	}
	for host, status := range map[string]int{
		"corral.example": 200, "Corral.Example:443": 200, "corral.example:80": 421, "localhost": 421, "evil.example": 421, "corral.example.evil.example": 421,
	} {
		res, _ := send(t, production, "GET", "/", "", "Host", host, "X-Forwarded-Proto", "https")
		require.Equal(t, status, res.StatusCode, host)
	}
	for _, host := range []string{"10.0.0.1", "10.0.0.1:abc"} {
		res, _ := send(t, production, "GET", "/healthz", "", "Host", host)
		require.Equal(t, 200, res.StatusCode)
	}
	for _, s := range []*httptest.Server{development, production} {
		for _, host := range []string{"127.0.0.1:3000.evil.example", "127.0.0.1:abc", "localhost:-1", "localhost:65536", "corral.example:https"} {
			res, _ := send(t, s, "GET", "/", "", "Host", host, "X-Forwarded-Proto", "https")
			require.Equal(t, 400, res.StatusCode, host)
		}
	}
}

// Without Sec-Fetch-Site, Origin must be exactly the scheme and host of this site.
func TestCrossOrigin_Exact(t *testing.T) {
	production, development := serve(t, echo, inProduction), serve(t, echo)
	tunnel := serve(t, echo, func(o *Options) { o.PublicURL = &url.URL{Scheme: "https", Host: "tunnel.example"} })
	for _, c := range []struct {
		s            *httptest.Server
		host, origin string
		status       int
	}{
		{production, "corral.example", "https://corral.example", 200},
		{production, "corral.example:443", "https://corral.example", 200},
		{production, "corral.example", "https://corral.example:443", 200},
		{production, "corral.example", "http://corral.example", 403},
		{production, "corral.example", "http://corral.example:443", 403},
		{production, "corral.example", "https://corral.example:8443", 403},
		{production, "corral.example", "https://evil@corral.example", 403},
		{production, "corral.example", "https://@corral.example", 403},
		{production, "corral.example", "https://corral.example/", 403},
		{production, "corral.example", "https://corral.example?", 403},
		{production, "corral.example", "https://corral.example#x", 403},
		{production, "corral.example", "//corral.example", 403},
		{production, "corral.example", "ftp://corral.example", 403},
		{production, "corral.example", "https://corral.example https://corral.example", 403},
		{production, "corral.example", "null", 403},
		{development, "127.0.0.1:3000", "http://127.0.0.1:3000", 200},
		{development, "127.0.0.1:3000", "https://127.0.0.1:3000", 403},
		{development, "localhost:8080", "http://localhost:8080", 200},
		{development, "localhost:8080", "https://localhost:8080", 403},
		{development, "[::1]:8080", "http://[::1]:8080", 200},
		{tunnel, "tunnel.example", "https://tunnel.example", 200},
		{tunnel, "localhost:8080", "http://localhost:8080", 200},
		{tunnel, "localhost:8080", "https://tunnel.example", 403},
	} {
		for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
			res, _ := send(t, c.s, method, "/", "a=1", "Host", c.host, "Origin", c.origin, "X-Forwarded-Proto", "https", "X-Forwarded-For", "192.0.2.1")
			require.Equal(t, c.status, res.StatusCode, "%s %s from %s", method, c.host, c.origin)
		}
		res, _ := send(t, c.s, "GET", "/", "", "Host", c.host, "Origin", c.origin, "X-Forwarded-Proto", "https")
		require.Equal(t, 200, res.StatusCode, "safe methods change nothing")
	}
}

// A browser would have a session for each name.
func TestHost_DevelopmentRedirectsToOneName(t *testing.T) {
	s := serve(t, echo, func(o *Options) { o.PublicURL = &url.URL{Scheme: "http", Host: "localhost:3000"} })
	for _, method := range []string{"GET", "HEAD"} {
		for _, host := range []string{"127.0.0.1:3000", "[::1]:3000"} {
			res, _ := send(t, s, method, "//a%2Fb?c=d", "", "Host", host)
			require.Equal(t, 302, res.StatusCode, host)
			require.Equal(t, "http://localhost:3000//a%2Fb?c=d", res.Header.Get("Location"))
		}
	}
	for _, host := range []string{"localhost:3000", "127.0.0.1:4000"} { // another port, such as that of a proxy or a test, is not redirected
		res, _ := send(t, s, "GET", "/", "", "Host", host)
		require.Equal(t, 200, res.StatusCode, host)
	}
	res, _ := send(t, s, "POST", "/", "", "Host", "127.0.0.1:3000")
	require.Equal(t, 200, res.StatusCode, "a form is not lost")
}

func TestHTTPS(t *testing.T) {
	s := serve(t, echo, inProduction)
	for _, path := range []string{"/login?a=b", "//evil.example/x", "/a%2Fb"} {
		for _, method := range []string{"GET", "HEAD"} {
			res, _ := send(t, s, method, path, "", "Host", "corral.example", "X-Forwarded-Proto", "http")
			require.Equal(t, 308, res.StatusCode)
			require.Equal(t, "https://corral.example"+path, res.Header.Get("Location"))
		}
	}
	for path, want := range map[string]string{"/login/": "/login", "/login/?a=b/": "/login?a=b/", "/a%2F": "/a%2F", "/": "/"} {
		res, _ := send(t, s, "GET", path, "", "Host", "corral.example", "X-Forwarded-Proto", "http")
		require.Equal(t, "https://corral.example"+want, res.Header.Get("Location"))
	}
	res, _ := send(t, s, "GET", "/", "", "Host", "CORRAL.example:443", "X-Forwarded-Proto", "http")
	require.Equal(t, "https://corral.example/", res.Header.Get("Location"), "the host of the public URL, not the request's")
	for _, proto := range []string{"http", "https, http"} { // a client may have sent all but the last
		for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
			for _, kind := range []string{"application/x-www-form-urlencoded", "application/json"} {
				res, _ = send(t, s, method, "/login", "password=x", "Host", "corral.example", "X-Forwarded-Proto", proto, "Content-Type", kind)
				require.Equal(t, 403, res.StatusCode, "%s of %s, %s", method, kind, proto)
			}
		}
	}
	untrusted := serve(t, echo, inProduction, func(o *Options) { o.TrustedProxies = nil })
	res, _ = send(t, untrusted, "POST", "/login", "password=x", "Host", "corral.example", "X-Forwarded-Proto", "https")
	require.Equal(t, 403, res.StatusCode, "any client can write that header")
}

// Prevents an endless redirect.
func TestHTTPS_ProxyWithoutScheme(t *testing.T) {
	var log bytes.Buffer
	s := serve(t, echo, inProduction, logTo(&log))
	for range 3 {
		for _, method := range []string{"GET", "HEAD", "POST"} {
			res, _ := send(t, s, method, "/login", "", "Host", "corral.example")
			require.Equal(t, 502, res.StatusCode)
		}
	}
	res, _ := send(t, s, "GET", "/readyz", "", "Host", "corral.example")
	require.Equal(t, 200, res.StatusCode)
	s.Close()
	require.Equal(t, 1, strings.Count(log.String(), `"level":"WARN","event":"the proxy sends no X-Forwarded-Proto"`))
}

// The redirect repeats endlessly: the warning tells why.
func TestHTTPS_UntrustedProxy(t *testing.T) {
	var log bytes.Buffer
	s := serve(t, echo, inProduction, logTo(&log), func(o *Options) { o.TrustedProxies = nil })
	for range 2 {
		res, _ := send(t, s, "GET", "/login", "", "Host", "corral.example", "X-Forwarded-Proto", "https")
		require.Equal(t, 308, res.StatusCode)
	}
	s.Close()
	require.Equal(t, 1, strings.Count(log.String(), `"level":"WARN","event":"proxy not in TRUSTED_PROXIES"`))
}

func TestHSTS(t *testing.T) {
	for subdomains, want := range map[bool]string{false: "max-age=63072000", true: "max-age=63072000; includeSubDomains"} {
		s := serve(t, echo, inProduction, func(o *Options) { o.HSTSSubdomains = subdomains })
		res, _ := send(t, s, "GET", "/", "", "Host", "corral.example", "X-Forwarded-Proto", "https")
		require.Equal(t, want, res.Header.Get("Strict-Transport-Security"))
	}
}

func TestClientAddr(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	const missing, unreadable = "X-Forwarded-For is missing", "X-Forwarded-For is unreadable"
	for _, c := range []struct{ peer, forwarded, want, fault string }{
		{"192.0.2.1:5", "", "192.0.2.1", ""},
		{"192.0.2.1:5", "198.51.100.1", "192.0.2.1", ""},
		{"192.0.2.1:5", "nonsense", "192.0.2.1", ""},
		{"10.0.0.1:5", "", "10.0.0.1", missing},
		{"10.0.0.1:5", " , ", "10.0.0.1", missing},
		{"10.0.0.1:5", "198.51.100.1", "198.51.100.1", ""},
		{"10.0.0.1:5", "198.51.100.1, ,", "198.51.100.1", ""},
		{"10.0.0.1:5", "203.0.113.9, 198.51.100.1", "198.51.100.1", ""},
		{"10.0.0.1:5", "203.0.113.9, 198.51.100.1, 10.0.0.2", "198.51.100.1", ""},
		{"10.0.0.1:5", "10.0.0.3, 10.0.0.2", "10.0.0.3", ""},
		{"10.0.0.1:5", "198.51.100.1, nonsense", "10.0.0.1", unreadable},
		{"10.0.0.1:5", "198.51.100.1, nonsense, 10.0.0.2", "10.0.0.2", unreadable},
		{"10.0.0.1:5", "nonsense, 198.51.100.1", "198.51.100.1", ""},
		{"10.0.0.1:5", "unknown", "10.0.0.1", unreadable},
		{"[fd00::1]:5", "2001:db8::1", "2001:db8::1", ""},
		{"[::ffff:10.0.0.1]:5", "198.51.100.1", "198.51.100.1", ""},
		{"@", "198.51.100.1", "invalid IP", ""}, // net/http's RemoteAddr for a unix socket
		// Azure and others add a port.
		{"10.0.0.1:5", "203.0.113.7:51234", "203.0.113.7", ""},
		{"10.0.0.1:5", "203.0.113.7:51234, 10.0.0.2:80", "203.0.113.7", ""},
		{"10.0.0.1:5", "[2001:db8::1]:51234", "2001:db8::1", ""},
		{"10.0.0.1:5", "[2001:db8::1]", "2001:db8::1", ""},
		{"10.0.0.1:5", "[::ffff:203.0.113.7]:5", "203.0.113.7", ""},
		{"10.0.0.1:5", "fe80::1%eth0", "fe80::1", ""},
		{"10.0.0.1:5", "203.0.113.7:port", "10.0.0.1", unreadable},
		{"10.0.0.1:5", "[203.0.113.7]", "10.0.0.1", unreadable},
		{"10.0.0.1:5", "[2001:db8::1", "10.0.0.1", unreadable},
		{"10.0.0.1:5", "2001:db8::1]", "10.0.0.1", unreadable},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.peer
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		client, _, fault := clientAddr(r, trusted)
		require.Equal(t, c.want, client.String(), "%+v", c)
		require.Equal(t, c.fault, fault, "%+v", c)
	}
}

// The log has one warning for a process. A proxy sends health checks without a client,
// so they cause no warning.
func TestClientAddr_WarnsOnce(t *testing.T) {
	for header, want := range map[string]string{"": "X-Forwarded-For is missing", "nonsense": "X-Forwarded-For is unreadable"} {
		var log bytes.Buffer
		s := serve(t, echo, inProduction, logTo(&log))
		for _, path := range []string{"/healthz", "/readyz"} {
			send(t, s, "GET", path, "")
		}
		require.NotContains(t, log.String(), "client IP unknown")
		for range 3 {
			send(t, s, "GET", "/", "", "Host", "corral.example", "X-Forwarded-For", header)
		}
		require.Equal(t, 1, strings.Count(log.String(), `"client":"127.0.0.1","user_id":"","error":"`+want), log.String())
		require.Equal(t, 1, strings.Count(log.String(), `"level":"WARN","event":"client IP unknown"`))
	}
	var log bytes.Buffer
	send(t, serve(t, echo, inProduction, logTo(&log)), "GET", "/", "", "Host", "corral.example", "X-Forwarded-For", "203.0.113.7:51234")
	send(t, serve(t, echo, logTo(&log)), "GET", "/", "")
	require.NotContains(t, log.String(), "client IP unknown")
}

func TestPanic_KeepsTheConnection(t *testing.T) {
	s := serve(t, echo)
	res, answer := send(t, s, "GET", "/panic", "")
	require.Equal(t, 500, res.StatusCode)
	require.NotContains(t, answer, "kept from")
	res, _ = send(t, s, "GET", "/", "")
	require.Equal(t, 200, res.StatusCode)
}
