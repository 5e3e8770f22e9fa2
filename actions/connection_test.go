package actions

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Prevents _method=HEAD, which would desynchronize the connection.
func TestConnection_MethodOverride(t *testing.T) {
	s := newSite(t)
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	fmt.Fprint(conn, "POST /login?_method=DELETE HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 12\r\n\r\n_method=HEAD"+
		"HEAD /welcome HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
	reader := bufio.NewReader(conn)
	for _, want := range []struct {
		method string
		status int
		body   string
	}{{"POST", 422, "</html>"}, {"HEAD", 200, ""}, {"GET", 200, "ok\n"}} {
		res, err := http.ReadResponse(reader, &http.Request{Method: want.method})
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.Equal(t, want.status, res.StatusCode)
		require.True(t, strings.HasSuffix(strings.TrimRight(string(body), "\n")+"\n", strings.TrimRight(want.body, "\n")+"\n"), "%.80s", body)
	}
}
