package edge

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// countedListener counts what is written to its connections, each write on its own.
type countedListener struct {
	net.Listener
	writes atomic.Int32
}

type countedConn struct {
	net.Conn
	writes *atomic.Int32
}

func (l *countedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return countedConn{c, &l.writes}, err
}

func (c countedConn) Write(b []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(b)
}

// serveHeld serves a handler as the edge does, and returns a connection to it.
func serveHeld(t *testing.T, handler http.HandlerFunc) (client net.Conn, answers *bufio.Reader, writes *atomic.Int32) {
	t.Helper()
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	counted := &countedListener{Listener: plain}
	s := &Server{accepted: make(chan struct{}), listener: counted}
	s.http.ConnState = s.connState
	s.http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler(&response{ResponseWriter: w, conn: connOf(r.Context())}, r)
	})
	go s.Start(t.Context(), nil)
	t.Cleanup(func() { s.http.Close() })
	client, err = net.Dial("tcp", plain.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { client.Close() })
	return client, bufio.NewReader(client), &counted.writes
}

func ask(t *testing.T, client net.Conn, answers *bufio.Reader) *http.Response {
	t.Helper()
	fmt.Fprint(client, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
	res, err := http.ReadResponse(answers, nil)
	require.NoError(t, err)
	return res
}

// A page of any shape is one write; what is longer goes out as it comes, whole.
func TestConn_OneWriteAPage(t *testing.T) {
	body, length := bytes.Repeat([]byte("page "), 1500), false
	client, answers, writes := serveHeld(t, func(w http.ResponseWriter, r *http.Request) {
		if length {
			w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		}
		for part := range bytes.Lines(bytes.ReplaceAll(body, []byte(" "), []byte("\n"))) {
			w.Write(part)
		}
	})
	for _, long := range []int{1, 1, 200} {
		body = bytes.Repeat(body, long)
		for _, length = range []bool{false, true} {
			before := writes.Load()
			res := ask(t, client, answers)
			got, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			require.Equal(t, string(bytes.ReplaceAll(body, []byte(" "), []byte("\n"))), string(got))
			if long == 1 {
				require.EqualValues(t, 1, writes.Load()-before)
			}
		}
	}
}

// Who streams is not held up.
func TestConn_Flush(t *testing.T) {
	read := make(chan bool)
	client, answers, _ := serveHeld(t, func(w http.ResponseWriter, r *http.Request) {
		for n := range 3 {
			fmt.Fprintf(w, "part %d\n", n)
			http.NewResponseController(w).Flush()
			<-read
		}
	})
	lines := bufio.NewReader(ask(t, client, answers).Body)
	for n := range 3 {
		line, err := lines.ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf("part %d\n", n), line)
		read <- true
	}
}

// Nor is who takes the connection over, as a WebSocket does.
func TestConn_Hijack(t *testing.T) {
	client, answers, _ := serveHeld(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "first")
		taken, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			fmt.Fprint(taken, "then\n")
		}
	})
	fmt.Fprint(client, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
	line, err := answers.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1 200 OK\r\n", line, "what was written before comes before")
	for !strings.HasSuffix(line, "then\n") {
		line, err = answers.ReadString('\n')
		require.NoError(t, err)
	}
}

// tellingConn tells that a write has begun.
type tellingConn struct {
	net.Conn
	writing chan bool
}

func (c tellingConn) Write(b []byte) (int, error) {
	close(c.writing)
	return c.Conn.Write(b)
}

// Who has taken it over can close it on a client that does not read.
func TestConn_HijackThenClose(t *testing.T) {
	ours, _ := net.Pipe() // whose writes wait for a reader
	writing, failed := make(chan bool), make(chan error)
	c := &conn{Conn: tellingConn{ours, writing}}
	c.hijack()
	go func() {
		_, err := c.Write([]byte("message"))
		failed <- err
	}()
	<-writing
	go c.Close()
	select {
	case err := <-failed:
		require.ErrorIs(t, err, io.ErrClosedPipe)
	case <-time.After(10 * time.Second):
		require.Fail(t, "it is not closed")
	}
}

// Who asks and asks but never reads is cut off in time, and no answer follows the
// half of one.
func TestConn_WhoDoesNotRead(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	closed := make(chan bool)
	page := bytes.Repeat([]byte("page "), 2400)
	s := &Server{accepted: make(chan struct{}), listener: listener}
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
	const requests = 2000 // their answers are more than the system keeps for a reader
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
		got, err := io.ReadAll(res.Body)
		if err != nil {
			break
		}
		require.Equal(t, string(page), string(got))
	}
}

// Who asks before he sends a body, and is refused, hears of it at once.
func TestConn_RefusalBeforeTheBody(t *testing.T) {
	client, answers, writes := serveHeld(t, func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, strings.Repeat("no ", 2000), http.StatusRequestEntityTooLarge)
	})
	require.NoError(t, client.SetReadDeadline(time.Now().Add(10*time.Second)))
	fmt.Fprint(client, "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\nContent-Length: 100000\r\n\r\n")
	res, err := http.ReadResponse(answers, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusRequestEntityTooLarge, res.StatusCode)
	_, err = io.Copy(io.Discard, res.Body)
	require.NoError(t, err)
	require.EqualValues(t, 1, writes.Load())
}
