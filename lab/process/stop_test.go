package process

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
)

// net/http alone would close a connection on which it has read half a request.
func TestStop_AnswersAHalfReadRequest(t *testing.T) {
	for _, stop := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(stop.String(), func(t *testing.T) { answersAHalfReadRequest(t, stop) })
	}
}

func answersAHalfReadRequest(t *testing.T, stop syscall.Signal) {
	received := make(chan os.Signal, 1)
	signal.Notify(received, syscall.SIGHUP) // otherwise the app ignores SIGHUP if the test runs under nohup
	defer signal.Stop(received)
	p := start(t, t.TempDir())
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.URL, "http://"))
	require.NoError(t, err)
	fmt.Fprint(conn, "GET /login HTTP/1.1\r\nHost: 127")
	_, _ = p.Get("/login") // when this is answered, the server has accepted the first connection
	require.NoError(t, p.Signal(stop))
	for reachable := true; reachable; { // wait until the stop has begun
		probe, err := net.Dial("tcp", strings.TrimPrefix(p.URL, "http://"))
		if reachable = err == nil; reachable {
			probe.Close()
		}
	}
	fmt.Fprint(conn, ".0.0.1\r\n\r\n")
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	require.Contains(t, string(answer), "200 OK")
	require.Contains(t, string(answer), "Connection: close")
	require.NoError(t, p.Wait(), "exit status 0")
	require.NotContains(t, p.Log(), "WARN")
}

func TestStart_SystemdSocketLosesNoConnection(t *testing.T) {
	dir := t.TempDir()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	socket, err := listener.(*net.TCPListener).File()
	require.NoError(t, err)
	defer socket.Close()
	require.NoError(t, listener.Close()) // the copy, socket, stays open
	for range 2 {
		answer := make(chan error)
		go func() { // no process accepts connections yet
			res, err := http.Get("http://" + listener.Addr().String() + "/login")
			if err == nil {
				err = res.Body.Close()
			}
			answer <- err
		}()
		p := command(t, dir, nil)
		p.TakeSocket(socket)
		p.Launch()
		require.NoError(t, <-answer)
		p.Stop()
	}
}

// Otherwise a service manager would not restart the app.
func TestStart_EndsWithTheErrorOfItsServer(t *testing.T) {
	socket, address := openSocket(t, "tcp", "127.0.0.1:0")
	fd := int(socket.Fd())
	p := command(t, t.TempDir(), nil)
	p.TakeSocket(socket)
	p.Launch()
	res, err := http.Get("http://" + address + "/healthz")
	require.NoError(t, err)
	res.Body.Close()
	require.NoError(t, syscall.Shutdown(fd, syscall.SHUT_RD))
	require.EqualError(t, p.Wait(), "exit status 1")
	require.Contains(t, p.Err.String(), "accept4: invalid argument\n")
}

// openSocket opens a socket as systemd does, and returns its file and its address.
func openSocket(t *testing.T, network, address string) (file *os.File, bound string) {
	t.Helper()
	var socket interface{ File() (*os.File, error) }
	if network == "udp" {
		conn, err := net.ListenPacket(network, address)
		require.NoError(t, err)
		defer conn.Close()
		socket = conn.(*net.UDPConn)
	} else {
		l, err := net.Listen(network, address)
		require.NoError(t, err)
		if unix, ok := l.(*net.UnixListener); ok {
			unix.SetUnlinkOnClose(false)
		}
		defer l.Close()
		socket, bound = l.(interface{ File() (*os.File, error) }), l.Addr().String()
	}
	file, err := socket.File()
	require.NoError(t, err)
	t.Cleanup(func() { file.Close() })
	return file, bound
}

// shortDir returns a folder whose path is short enough for unix sockets.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "corral")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// On unix sockets, the app trusts the proxy on this machine without TRUSTED_PROXIES.
func TestStart_SystemdSocketsAreAllServed(t *testing.T) {
	one, path := openSocket(t, "unix", filepath.Join(shortDir(t), "one"))
	other, otherPath := openSocket(t, "unix", filepath.Join(shortDir(t), "other"))
	p := command(t, t.TempDir(), binary.Production("TRUSTED_PROXIES="))
	p.TakeSocket(one, other)
	p.Launch()
	for _, socket := range []string{path, otherPath} {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) {
			return net.Dial("unix", socket)
		}}}
		r, err := http.NewRequest("GET", "http://127.0.0.1/login", nil)
		require.NoError(t, err)
		r.Header.Set("X-Forwarded-Proto", "https")
		r.Header.Set("X-Forwarded-For", "192.0.2.99")
		res, err := client.Do(r)
		require.NoError(t, err)
		res.Body.Close()
		require.Equal(t, 200, res.StatusCode, "no redirect to https")
	}
	p.Stop()
	require.Contains(t, p.Out.String(), `"event":"listening","address":"`+path+", "+otherPath+`"`)
	require.Equal(t, 2, strings.Count(p.Out.String(), `"client":"192.0.2.99"`))
}

func TestStart_SystemdSocketsThatCannotBeServed(t *testing.T) {
	good, _ := openSocket(t, "tcp", "127.0.0.1:0")
	datagrams, _ := openSocket(t, "udp", "127.0.0.1:0")
	p := command(t, t.TempDir(), binary.Production())
	p.TakeSocket(good, datagrams)
	require.Error(t, p.Run())
	require.Regexp(t, `^socket 2 of systemd cannot be served \(.*\): its unit needs ListenStream= and no Accept=\n$`, p.Err.String())

	unix, _ := openSocket(t, "unix", filepath.Join(shortDir(t), "s"))
	p = command(t, t.TempDir(), binary.Production("TRUSTED_PROXIES="))
	p.TakeSocket(unix, good)
	require.Error(t, p.Run())
	require.Equal(t, "nothing terminates TLS: set TRUSTED_PROXIES to the proxy's network, or TLS_CERT_FILE and TLS_KEY_FILE, or listen on a unix socket alone\n", p.Err.String())
}
