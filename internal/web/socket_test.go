//go:build unix

package web

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// passed returns a file descriptor of a socket, like one that systemd passes.
func passed(t *testing.T, socket interface{ File() (*os.File, error) }) int {
	t.Helper()
	file, err := socket.File()
	require.NoError(t, err)
	defer file.Close()
	fd, err := syscall.Dup(int(file.Fd()))
	require.NoError(t, err)
	return fd
}

// unixSocket returns a listener. Its path is shorter than one in t.TempDir, which could
// be too long for a socket.
func unixSocket(t *testing.T) *net.UnixListener {
	t.Helper()
	dir, err := os.MkdirTemp("", "web")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	require.NoError(t, err)
	return l.(*net.UnixListener)
}

func tcpSocket(t *testing.T) *net.TCPListener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return l.(*net.TCPListener)
}

func TestServer_ServesAllSockets(t *testing.T) {
	unix, tcp := unixSocket(t), tcpSocket(t)
	var all []net.Listener
	for _, fd := range []int{passed(t, unix), passed(t, tcp)} {
		list, err := Sockets(fd, 1)
		require.NoError(t, err)
		require.Len(t, list, 1)
		all = append(all, list...)
	}
	require.False(t, AllUnix(all))
	require.True(t, AllUnix(all[:1]))
	require.False(t, AllUnix(nil))

	s, err := Listen(ListenOptions{Addr: "nowhere", Sockets: all}, echo, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.Equal(t, unix.Addr().String()+", "+tcp.Addr().String(), s.Address())
	started := make(chan error)
	go func() { started <- s.Start(t.Context(), nil) }()
	for _, l := range []net.Listener{unix, tcp} {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) {
			return net.Dial(l.Addr().Network(), l.Addr().String())
		}}}
		res, err := client.Get("http://127.0.0.1/")
		require.NoError(t, err)
		res.Body.Close()
		require.Equal(t, 200, res.StatusCode)
	}
	require.NoError(t, s.Shutdown(t.Context()))
	require.ErrorIs(t, <-started, http.ErrServerClosed)
	require.NoError(t, s.failed)
	require.FileExists(t, unix.Addr().String(), "the socket's file is systemd's")
}

// If one listener fails, so does the server.
func TestServer_FailsWithAListener(t *testing.T) {
	s, err := Listen(ListenOptions{Sockets: []net.Listener{tcpSocket(t), broken{tcpSocket(t)}}}, echo, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.ErrorIs(t, s.Run(newLoggingApp(new(buffer), nil)), syscall.EINVAL)
}

type broken struct{ net.Listener }

func (broken) Accept() (net.Conn, error) { return nil, syscall.EINVAL }

func TestSockets_CannotBeServed(t *testing.T) {
	datagrams, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer datagrams.Close()
	l := tcpSocket(t)
	defer l.Close()
	connection, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer connection.Close()
	pipe, end, err := os.Pipe()
	require.NoError(t, err)
	defer end.Close()
	defer pipe.Close()
	fifo, err := syscall.Dup(int(pipe.Fd()))
	require.NoError(t, err)
	for name, fd := range map[string]int{
		"datagrams": passed(t, datagrams.(*net.UDPConn)), "a connection": passed(t, connection.(*net.TCPConn)), "a pipe": fifo, "nothing": 1 << 20,
	} {
		_, err := Sockets(fd, 1)
		require.ErrorContains(t, err, "socket 1 of systemd cannot be served (", name)
		require.ErrorContains(t, err, "): its unit needs ListenStream= and no Accept=", name)
	}
}

// A peer of a unix socket may send the client's IP: the permissions of the socket's file
// decide who can connect.
func TestClient_PeersOfUnixSocketsAreTrusted(t *testing.T) {
	for _, l := range []net.Listener{unixSocket(t), tcpSocket(t)} {
		s, err := Listen(ListenOptions{Sockets: []net.Listener{l}}, observe(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			info := Info(r.Context())
			io.WriteString(w, info.client())
			if info.Secure {
				io.WriteString(w, " by https")
			}
		}), slog.New(slog.DiscardHandler), nil), slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		go s.Start(t.Context(), nil)
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) {
			return net.Dial(l.Addr().Network(), l.Addr().String())
		}}}
		r, err := http.NewRequest("GET", "http://127.0.0.1/", nil)
		require.NoError(t, err)
		r.Header.Set("X-Forwarded-For", "192.0.2.1")
		r.Header.Set("X-Forwarded-Proto", "https")
		res, err := client.Do(r)
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		res.Body.Close()
		want := "127.0.0.1"
		if isUnix(l.Addr()) {
			want = "192.0.2.1 by https"
		}
		require.Equal(t, want, string(body))
		require.NoError(t, s.Shutdown(t.Context()))
	}
}
