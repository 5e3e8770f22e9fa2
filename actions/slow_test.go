//go:build unix

package actions_test

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/actions"
	"corral/actions/edge"
	"corral/models/modelstest"
)

// listening starts the app behind the server that main starts, time-outs and
// all. Its browsers are those of site.
func listening(t *testing.T) *site {
	t.Helper()
	modelstest.Empty(t)
	c := testConfig(t)
	c.Addr = "127.0.0.1:0"
	logger := slog.New(slog.DiscardHandler)
	server, err := edge.Listen(c, actions.Edge(actions.New(c), c, nil), logger)
	require.NoError(t, err)
	go server.Start(t.Context(), nil)
	t.Cleanup(func() { server.Shutdown(t.Context()) })
	address := strings.TrimPrefix(server.String(), "server on ")
	s := httptest.NewUnstartedServer(nil)
	s.URL = "http://" + address
	return &site{s, t}
}

// visitor is a browser with connections of its own.
func (s *site) visitor() *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(s.t, err)
	transport := &http.Transport{}
	s.t.Cleanup(transport.CloseIdleConnections)
	return &browser{site: s, header: http.Header{}, client: &http.Client{Jar: jar, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// allowFiles raises the limit of open files, of which a connection takes two here.
func allowFiles(t *testing.T, n uint64) {
	t.Helper()
	var limit syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	if limit.Cur < n {
		limit.Cur, limit.Max = n, max(n, limit.Max)
		require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit), "this test needs %d open files: raise `ulimit -Hn`", n)
	}
}

// A thousand visitors who send their headers or their forms by the byte, or
// never read what they asked for, keep nobody else waiting.
func TestSlow_AThousandStopNobody(t *testing.T) {
	allowFiles(t, 2500)
	s := listening(t)
	modelstest.SignUp(t, "ada@example.com")
	address := strings.TrimPrefix(s.URL, "http://")
	file := "GET " + stylesheetPath(s.visitor().get("/welcome").page) + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
	slow := []string{
		"GET /welcome HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
		"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n\r\nemail=",
		strings.Repeat(file, 100), // more than fits into the buffers between us
	}
	deaf := net.Dialer{Control: func(_, _ string, conn syscall.RawConn) error {
		return conn.Control(func(fd uintptr) { syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096) })
	}}
	for i := range 1002 {
		conn, err := deaf.Dial("tcp", address)
		require.NoError(t, err)
		t.Cleanup(func() { conn.Close() })
		_, err = fmt.Fprint(conn, slow[i%len(slow)])
		require.NoError(t, err)
	}
	// Connections are taken in their order, so all of them are held by now.
	for range 5 {
		b := s.visitor()
		require.Equal(t, 200, b.get("/welcome").StatusCode)
		require.Equal(t, 303, b.logIn("ada@example.com").StatusCode)
		require.Equal(t, 200, b.get("/").StatusCode)
		require.Equal(t, 303, b.post("/password/forgot", url.Values{"email": {"ada@example.com"}}).StatusCode)
		require.Equal(t, 200, b.get("/readyz").StatusCode)
	}
}
