package process

import (
	"encoding/json"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
)

// Prevents a flood from filling the disk faster: a request writes one line of a few
// hundred bytes, however long or invalid it is.
func TestLog_FloodWritesOneShortLineARequest(t *testing.T) {
	const proxied = "Host: 127.0.0.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 192.0.2.1\r\nConnection: close\r\n"
	const form = "POST /login HTTP/1.1\r\n" + proxied + "Content-Type: application/x-www-form-urlencoded\r\n"
	long := strings.Repeat("long", 5000)
	requests := map[string]string{
		"wrong login":      form + "Content-Length: 19\r\n\r\nemail=a&password=bc",
		"no page":          "GET /wp-login.php HTTP/1.1\r\n" + proxied + "\r\n",
		"long path":        "GET /" + long + "?" + long[:8000] + " HTTP/1.1\r\n" + proxied + "\r\n",
		"long headers":     "GET /welcome HTTP/1.1\r\n" + proxied + "User-Agent: " + long + "\r\nReferer: " + long[:8000] + "\r\n\r\n",
		"long method":      long + " / HTTP/1.1\r\n" + proxied + "\r\n",
		"another host":     "GET / HTTP/1.1\r\nHost: " + long + ".example\r\nConnection: close\r\n\r\n",
		"another origin":   form + "Origin: https://evil.example\r\nContent-Length: 1\r\n\r\nx",
		"clear text":       "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nConnection: close\r\n\r\n",
		"guarded":          "GET /account HTTP/1.1\r\n" + proxied + "\r\n",
		"forged cookie":    "GET /account HTTP/1.1\r\n" + proxied + "Cookie: __Host-corral=" + long[:3000] + "\r\n\r\n",
		"wrong link":       "GET /password/reset/" + long[:43] + " HTTP/1.1\r\n" + proxied + "\r\n",
		"broken body":      form + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
		"large body":       form + "Content-Length: 99999999\r\n\r\nx",
		"semicolon":        "GET /welcome?a;b HTTP/1.1\r\n" + proxied + "\r\n",
		"HTTP/2 in clear":  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"no HTTP":          "GARBAGE\r\n\r\n",
		"TLS":              "\x16\x03\x01\x00\x05hello\r\n\r\n",
		"large header":     "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + long + long + "\r\n\r\n",
		"another version":  "GET / HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n",
		"unknown encoding": form + "Transfer-Encoding: nonsense\r\n\r\n",
	}
	p := start(t, t.TempDir(), binary.Production()...)
	for name, request := range requests {
		conn, err := net.Dial("tcp", strings.TrimPrefix(p.URL, "http://localhost"))
		require.NoError(t, err)
		_, err = io.WriteString(conn, request)
		require.NoError(t, err, name)
		answer, _ := io.ReadAll(conn) // ignore the error: the server may reset the connection before it has read all
		require.NotContains(t, string(answer), "HTTP/1.1 500", name)
		conn.Close()
	}
	p.Stop()
	linesOf, seen := map[string]int{}, map[string]bool{} // by request ID; by event
	for text := range strings.Lines(p.Out.String()) {
		require.Less(t, len(text), 400)
		var line struct {
			Event string
			ID    string `json:"request_id"`
		}
		require.NoError(t, json.Unmarshal([]byte(text), &line))
		seen[line.Event] = true
		if line.ID != "" && line.Event != "client IP unknown" { // an extra line, which a process logs once
			linesOf[line.ID]++
			require.Equal(t, 1, linesOf[line.ID], text)
		}
	}
	for _, event := range []string{"login failed", "request", "host refused", "cross-origin refused", "clear text refused", "guard refused", "cookie refused", "token refused", "body refused"} {
		require.True(t, seen[event], event)
	}
	require.NotContains(t, seen, "printed")
}
