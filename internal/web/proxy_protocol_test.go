//go:build unix

package web

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
)

func TestServer_WarnsOfTheProxyProtocol(t *testing.T) {
	for name, preamble := range map[string]string{
		"version 1":       "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n",
		"version 2":       "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x01\xc0\x00\x02\x02\xdc\x04\x01\xbb",
		"no PROXY at all": "",
	} {
		t.Run(name, func(t *testing.T) {
			log := &apptest.LogBuffer{}
			s, err := Listen(ListenOptions{Addr: "127.0.0.1:0"}, echo, slog.New(slog.NewTextHandler(log, nil)))
			require.NoError(t, err)
			go s.Start(t.Context(), nil)
			defer s.http.Close()
			for range 3 {
				answer := exchange(t, s.Address(), preamble+"GET /?PROXY+ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
				if preamble == "" {
					require.Contains(t, answer, "200 OK")
				} else {
					require.Contains(t, answer, "400 Bad Request")
				}
			}
			want := 1
			if preamble == "" {
				want = 0
			}
			require.Equal(t, want, strings.Count(log.String(), "PROXY protocol refused"))
		})
	}
}

// The wrapped connection still has the methods that net/http uses to send files.
func TestServer_SendsFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	content := strings.Repeat("content ", 100_000)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	for _, l := range []net.Listener{tcpSocket(t), unixSocket(t)} {
		s, err := Listen(ListenOptions{Sockets: []net.Listener{l}}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.ServeFile(w, r, path)
		}), slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		go s.Start(t.Context(), nil)
		conn, err := net.Dial(l.Addr().Network(), l.Addr().String())
		require.NoError(t, err)
		io.WriteString(conn, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.Equal(t, content, string(body))
		conn.Close()
		require.NoError(t, s.Shutdown(t.Context()))
	}
}
