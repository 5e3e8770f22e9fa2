package process

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// Package http alone would close the connection.
func TestStop_AnswersAHalfReadRequest(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(signal.String(), func(t *testing.T) { answersAHalfReadRequest(t, signal) })
	}
}

func answersAHalfReadRequest(t *testing.T, signal syscall.Signal) {
	p := start(t, t.TempDir())
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.URL, "http://"))
	require.NoError(t, err)
	fmt.Fprint(conn, "GET /login HTTP/1.1\r\nHost: 127")
	_, _ = p.Get("/login") // by now the server has accepted the first connection
	require.NoError(t, p.Signal(signal))
	for reachable := true; reachable; { // until the stop has begun
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
}

func TestStart_SystemdSocketLosesNoConnection(t *testing.T) {
	dir := t.TempDir()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	socket, err := listener.(*net.TCPListener).File()
	require.NoError(t, err)
	defer socket.Close()
	require.NoError(t, listener.Close()) // the copy stays open
	for range 2 {
		answer := make(chan error)
		go func() { // no process accepts yet
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
