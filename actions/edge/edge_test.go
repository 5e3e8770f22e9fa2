package edge

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"corral/config"
)

// echo answers with what it was asked: method, path, and the form's fields.
var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	MethodOverride(w, r)
	if r.URL.Path == "/panic" {
		panic("kept from the visitor")
	}
	fmt.Fprintf(w, "%s %s %s", r.Method, r.URL.Path, r.PostForm.Encode())
})

func page(w http.ResponseWriter, _ *http.Request, status int) { w.WriteHeader(status) }

func newEdge(t testing.TB, change func(*config.Config)) *httptest.Server {
	t.Helper()
	return startEdge(t, io.Discard, change)
}

func startEdge(t testing.TB, log io.Writer, change func(*config.Config)) *httptest.Server {
	t.Helper()
	c, err := config.Current()
	require.NoError(t, err)
	if change != nil {
		change(&c)
	}
	assets, err := LoadAssets(fstest.MapFS{"app.css": {Data: []byte(strings.Repeat("body{}", 100))}}, false)
	require.NoError(t, err)
	s := httptest.NewServer(New(echo, Options{Config: c, Assets: assets, Logger: NewLogger(log, c), ErrorPage: page}))
	t.Cleanup(s.Close)
	return s
}

func inProduction(c *config.Config) {
	c.Env = config.Production
	c.Host = &url.URL{Scheme: "https", Host: "corral.example"}
	c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
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

func TestMethodOverride_OnlyFromAForm(t *testing.T) {
	s := newEdge(t, nil)
	for _, c := range []struct{ method, path, body, want string }{
		{"POST", "/x", "_method=PUT&a=1", "PUT"},
		{"POST", "/x", "_method=PATCH", "PATCH"},
		{"POST", "/x", "_method=DELETE", "DELETE"},
		{"POST", "/x", "_method=HEAD", "POST"},
		{"POST", "/x", "_method=GET", "POST"},
		{"POST", "/x", "_method=TRACE", "POST"},
		{"POST", "/x", "_method=delete", "POST"},
		{"POST", "/x", "_method=", "POST"},
		{"POST", "/x?_method=DELETE", "a=1", "POST"},
		{"GET", "/x?_method=DELETE", "", "GET"},
		{"PUT", "/x", "_method=DELETE", "PUT"},
	} {
		_, answer := send(t, s, c.method, c.path, c.body)
		require.True(t, strings.HasPrefix(answer, c.want+" "), "%+v: %s", c, answer)
	}
}

// _method=HEAD once made the answer's body the next answer on the connection.
func TestMethodOverride_HEADLeavesTheConnectionInStep(t *testing.T) {
	s := newEdge(t, nil)
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	fmt.Fprint(conn, "POST /one HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 12\r\n\r\n_method=HEAD"+
		"HEAD /two HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /three HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
	reader := bufio.NewReader(conn)
	for _, want := range []struct{ method, body string }{{"POST", "POST /one _method=HEAD"}, {"HEAD", ""}, {"GET", "GET /three "}} {
		res, err := http.ReadResponse(reader, &http.Request{Method: want.method})
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.Equal(t, want.body, string(body))
	}
}

func TestBody_Limits(t *testing.T) {
	s := newEdge(t, nil)
	full := "a=" + strings.Repeat("x", maxBody-2)
	for _, c := range []struct {
		body   string
		header []string
		status int
	}{
		{full, nil, 200},
		{full + "x", nil, 413},
		{"a=%zz", nil, 400},
		{"{}", []string{"Content-Type", "application/json"}, 415},
		{"<a/>", []string{"Content-Type", "text/xml"}, 415},
		{"x", []string{"Content-Type", "multipart/form-data; boundary=x"}, 415},
	} {
		res, _ := send(t, s, "POST", "/", c.body, c.header...)
		require.Equal(t, c.status, res.StatusCode, "%.20s", c.body)
	}
	_, answer := send(t, s, "DELETE", "/", "current_password=x")
	require.Equal(t, "DELETE / current_password=x", answer)
}

// A body that does not say how long it is costs no more than the limit.
func TestBody_EndlessCostsNoMemory(t *testing.T) {
	s := newEdge(t, nil)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	req, err := http.NewRequest("POST", s.URL, io.LimitReader(zeros{}, 200<<20))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if res, err := http.DefaultTransport.RoundTrip(req); err == nil { // the server may hang up first
		require.Equal(t, 413, res.StatusCode)
		res.Body.Close()
	}
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20))
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

func TestCrossOrigin(t *testing.T) {
	s := newEdge(t, nil)
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

func TestHost(t *testing.T) {
	development, production := newEdge(t, nil), newEdge(t, inProduction)
	for host, status := range map[string]int{
		"127.0.0.1:3000": 200, "localhost": 200, "LOCALHOST:8080": 200, "[::1]:80": 200, "evil.example": 421, "127.0.0.1.evil.example": 421, "10.0.0.1": 421,
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
	res, _ := send(t, production, "GET", "/healthz", "", "Host", "10.0.0.1")
	require.Equal(t, 200, res.StatusCode)
}

func TestHTTPS(t *testing.T) {
	s := newEdge(t, inProduction)
	for _, path := range []string{"/login?a=b", "//evil.example/x", "/a%2Fb"} {
		for _, method := range []string{"GET", "HEAD"} {
			res, _ := send(t, s, method, path, "", "Host", "corral.example")
			require.Equal(t, 308, res.StatusCode)
			require.Equal(t, "https://corral.example"+path, res.Header.Get("Location"))
		}
	}
	res, _ := send(t, s, "POST", "/login", "password=x", "Host", "corral.example")
	require.Equal(t, 403, res.StatusCode)
	untrusted := newEdge(t, func(c *config.Config) { inProduction(c); c.TrustedProxies = nil })
	res, _ = send(t, untrusted, "POST", "/login", "password=x", "Host", "corral.example", "X-Forwarded-Proto", "https")
	require.Equal(t, 403, res.StatusCode, "anybody can write that header")
}

func TestClientAddr(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, c := range []struct{ peer, forwarded, want string }{
		{"192.0.2.1:5", "", "192.0.2.1"},
		{"192.0.2.1:5", "198.51.100.1", "192.0.2.1"},
		{"10.0.0.1:5", "", "10.0.0.1"},
		{"10.0.0.1:5", "198.51.100.1", "198.51.100.1"},
		{"10.0.0.1:5", "203.0.113.9, 198.51.100.1", "198.51.100.1"},
		{"10.0.0.1:5", "203.0.113.9, 198.51.100.1, 10.0.0.2", "198.51.100.1"},
		{"10.0.0.1:5", "10.0.0.3, 10.0.0.2", "10.0.0.3"},
		{"10.0.0.1:5", "198.51.100.1, nonsense", "10.0.0.1"},
		{"10.0.0.1:5", "nonsense, 198.51.100.1", "198.51.100.1"},
		{"[fd00::1]:5", "2001:db8::1", "2001:db8::1"},
		{"[::ffff:10.0.0.1]:5", "198.51.100.1", "198.51.100.1"},
		{"@", "198.51.100.1", "invalid IP"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.peer
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		client, _ := clientAddr(r, trusted)
		require.Equal(t, c.want, client.String(), "%+v", c)
	}
}

func TestPanic_TheConnectionLivesOn(t *testing.T) {
	s := newEdge(t, nil)
	res, answer := send(t, s, "GET", "/panic", "")
	require.Equal(t, 500, res.StatusCode)
	require.NotContains(t, answer, "kept from")
	res, _ = send(t, s, "GET", "/", "")
	require.Equal(t, 200, res.StatusCode)
}

func TestAssets(t *testing.T) {
	s := newEdge(t, nil)
	assets, err := LoadAssets(fstest.MapFS{"app.css": {Data: []byte(strings.Repeat("body{}", 100))}}, false)
	require.NoError(t, err)
	path, err := assets.Path("app.css")
	require.NoError(t, err)
	for accept, encoding := range map[string]string{"": "", "gzip": "gzip", "gzip, br": "br", "br;q=0, gzip": "gzip", "identity": "", "BR": "br"} {
		res, _ := send(t, s, "GET", path, "", "Accept-Encoding", accept)
		require.Equal(t, 200, res.StatusCode)
		require.Equal(t, encoding, res.Header.Get("Content-Encoding"), accept)
		require.Equal(t, "public, max-age=31536000, immutable", res.Header.Get("Cache-Control"))
		require.Equal(t, "text/css; charset=utf-8", res.Header.Get("Content-Type"))
	}
	for _, gone := range []string{"/assets", "/assets/", "/assets/app.css", path + "x", "/assets/" + strings.Repeat("x", 300), "/assets/../main.go", "/assets/%2e%2e/main.go"} {
		res, _ := send(t, s, "GET", gone, "")
		require.Equal(t, 404, res.StatusCode, gone)
	}
	res, _ := send(t, s, "POST", path, "a=1")
	require.Equal(t, 405, res.StatusCode)
	require.Equal(t, "GET, HEAD", res.Header.Get("Allow"))
}
