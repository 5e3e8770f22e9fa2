package web

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// connect returns a connection to an app behind a Server.
func connect(t *testing.T, app http.HandlerFunc) (client net.Conn, answers *bufio.Reader) {
	t.Helper()
	_, address := listen(t, app, ListenOptions{})
	client, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { client.Close() })
	return client, bufio.NewReader(client)
}

func TestConn_FlushSendsAtOnce(t *testing.T) {
	read := make(chan bool)
	client, answers := connect(t, func(w http.ResponseWriter, r *http.Request) {
		for n := range 3 {
			fmt.Fprintf(w, "part %d\n", n)
			http.NewResponseController(w).Flush()
			<-read
		}
	})
	fmt.Fprint(client, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
	res, err := http.ReadResponse(answers, nil)
	require.NoError(t, err)
	lines := bufio.NewReader(res.Body)
	for n := range 3 {
		line, err := lines.ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf("part %d\n", n), line)
		read <- true
	}
}

func TestConn_HandlerHijacks(t *testing.T) {
	client, answers := connect(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "first")
		taken, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			fmt.Fprint(taken, "then\n")
		}
	})
	fmt.Fprint(client, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
	line, err := answers.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1 200 OK\r\n", line, "the earlier write is sent first")
	for !strings.HasSuffix(line, "then\n") {
		line, err = answers.ReadString('\n')
		require.NoError(t, err)
	}
}

func TestConn_HijackedClosesDuringAWrite(t *testing.T) {
	failed := make(chan error)
	client, _ := connect(t, func(w http.ResponseWriter, r *http.Request) {
		taken, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			failed <- err
			return
		}
		go func() {
			_, err := taken.Write(make([]byte, 64<<20)) // exceeds the socket buffers
			failed <- err
		}()
		time.AfterFunc(50*time.Millisecond, func() { taken.Close() })
	})
	fmt.Fprint(client, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
	select {
	case err := <-failed:
		require.ErrorIs(t, err, net.ErrClosed)
	case <-time.After(10 * time.Second):
		require.Fail(t, "the write does not end")
	}
}

// The connection is closed, because another response must not follow a partial one.
func TestConn_ClientThatDoesNotReadIsCutOff(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	closed := make(chan bool)
	page := bytes.Repeat([]byte("page "), 2400)
	s := &Server{refusing: make(chan struct{}), listeners: []net.Listener{listener}}
	s.http.WriteTimeout = 200 * time.Millisecond
	s.http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(page) })
	s.http.ConnState = func(c net.Conn, state http.ConnState) {
		if s.connState(c, state); state == http.StateClosed {
			close(closed)
		}
	}
	go s.Start(t.Context(), nil)
	t.Cleanup(func() { listener.Close() })
	client, err := net.Dial("tcp", listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { client.Close() })
	const requests = 2000 // their responses exceed the socket buffers
	fmt.Fprint(client, strings.Repeat("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", requests))
	select {
	case <-closed:
	case <-time.After(20 * time.Second):
		require.Fail(t, "the connection is held for good")
	}
	answers := bufio.NewReader(client)
	for n := 0; ; n++ {
		require.Less(t, n, requests)
		res, err := http.ReadResponse(answers, nil)
		if err != nil {
			break
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			break
		}
		require.Equal(t, string(page), string(body))
	}
}

// The client sends Expect: 100-continue.
func TestConn_RefusalArrivesBeforeTheBodyIsSent(t *testing.T) {
	client, answers := connect(t, func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, strings.Repeat("no ", 2000), http.StatusRequestEntityTooLarge)
	})
	require.NoError(t, client.SetReadDeadline(time.Now().Add(10*time.Second)))
	fmt.Fprint(client, "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\nContent-Length: 100000\r\n\r\n")
	res, err := http.ReadResponse(answers, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusRequestEntityTooLarge, res.StatusCode)
	_, err = io.Copy(io.Discard, res.Body)
	require.NoError(t, err)
}
