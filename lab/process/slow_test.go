//go:build unix

package process

import (
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/site"
)

// allowFiles raises the limit of open files, which child processes inherit.
func allowFiles(t *testing.T, n uint64) {
	t.Helper()
	var limit syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	if limit.Cur < n {
		limit.Cur, limit.Max = n, max(n, limit.Max)
		require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit), "this test needs %d open files: raise `ulimit -Hn`", n)
	}
}

func TestSlow_AThousandClientsDoNotDelayOthers(t *testing.T) {
	allowFiles(t, 2500)
	s := site.Open(t)
	s.SignUp("ada@example.com")
	s.ClearLimits()
	style := regexp.MustCompile(`<link rel="stylesheet" href="([^"]+)"`).FindStringSubmatch(s.Browser().Get("/welcome").Page)
	require.NotNil(t, style)
	file := "GET " + style[1] + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
	slow := []string{
		"GET /welcome HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
		"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n\r\nemail=",
		"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{",
		strings.Repeat(file, 100), // the responses exceed the buffers
	}
	dialer := net.Dialer{Control: func(_, _ string, conn syscall.RawConn) error {
		return conn.Control(func(fd uintptr) { syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096) })
	}}
	for i := range 1000 {
		conn, err := dialer.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		require.NoError(t, err)
		t.Cleanup(func() { conn.Close() })
		_, err = fmt.Fprint(conn, slow[i%len(slow)])
		require.NoError(t, err)
	}
	// The app accepts connections in their order, so the next ones come after all slow ones.
	for range 5 {
		b := s.Browser()
		b.Client.Transport = &http.Transport{DisableKeepAlives: true}
		require.Equal(t, 200, b.Get("/welcome").StatusCode)
		require.Equal(t, 303, b.LogIn("ada@example.com").StatusCode)
		require.Equal(t, 200, b.Get("/").StatusCode)
		require.Equal(t, 303, b.Post("/password/forgot", "email", "ada@example.com").StatusCode)
		require.Equal(t, 200, b.Get("/readyz").StatusCode)
	}
}
