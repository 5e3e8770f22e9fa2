package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// A request that is only half read when the stop begins is answered too. That
// is where package http by itself hangs up.
func TestStop_WhileARequestIsRead(t *testing.T) {
	p := start(t, t.TempDir())
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	require.NoError(t, err)
	fmt.Fprint(conn, "GET /login HTTP/1.1\r\nHost: 127")
	_, _ = p.get("/login") // by now the server has accepted the connection before
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	for reachable := true; reachable; { // until the stop has begun
		probe, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
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
}

// Under a systemd socket unit, who connects while one process takes another's
// place waits, and is answered.
func TestStart_SocketOfSystemd(t *testing.T) {
	dir := t.TempDir()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	socket, err := listener.(*net.TCPListener).File()
	require.NoError(t, err)
	defer socket.Close()
	require.NoError(t, listener.Close()) // the copy stays open
	for range 2 {
		answer := make(chan error)
		go func() { // nobody accepts yet
			res, err := http.Get("http://" + listener.Addr().String() + "/login")
			if err == nil {
				err = res.Body.Close()
			}
			answer <- err
		}()
		p := command(t, dir, nil)
		// A process cannot know its number before it runs: a shell tells it, and becomes it.
		p.Path, p.Args = "/bin/sh", []string{"sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0"`, binary}
		p.ExtraFiles = []*os.File{socket}
		require.NoError(t, p.Start())
		t.Cleanup(func() { p.Process.Kill(); p.Wait() })
		require.NoError(t, <-answer)
		require.NoError(t, p.Process.Signal(syscall.SIGTERM))
		require.NoError(t, p.Wait(), p.stderr.String())
	}
}
