package web

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/buffalo/render"
	"github.com/stretchr/testify/require"
)

// open sends a GET. It returns the response and a reader of its body.
func open(t *testing.T, address string) (*http.Response, *bufio.Reader) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", "http://"+address, nil)
	require.NoError(t, err)
	res, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(t, err)
	t.Cleanup(func() { res.Body.Close() })
	return res, bufio.NewReader(res.Body)
}

func TestStream_FlushSends(t *testing.T) {
	for name, flush := range map[string]func(http.ResponseWriter){
		"http.Flusher":       func(w http.ResponseWriter) { w.(http.Flusher).Flush() },
		"ResponseController": func(w http.ResponseWriter) { http.NewResponseController(w).Flush() },
	} {
		t.Run(name, func(t *testing.T) {
			read := make(chan bool)
			_, address := listen(t, newApp("GET", func(c buffalo.Context) error {
				for n := range 3 {
					fmt.Fprintln(c.Response(), n)
					flush(c.Response())
					<-read
				}
				return nil
			}), ListenOptions{})
			_, lines := open(t, address)
			for n := range 3 {
				line, err := lines.ReadString('\n')
				require.NoError(t, err)
				require.Equal(t, fmt.Sprintln(n), line)
				read <- true
			}
		})
	}
}

func TestStream_EventsArriveOneByOne(t *testing.T) {
	disconnected, log := make(chan bool), new(buffer)
	s := serve(t, newApp("GET", func(c buffalo.Context) error {
		events, err := render.NewEventSource(c.Response())
		if err != nil {
			return err
		}
		for n := range 2 {
			if err := events.Write("count", n); err != nil {
				return err
			}
		}
		<-events.CloseNotify()
		close(disconnected)
		return nil
	}), logTo(log))
	res, lines := open(t, s.Listener.Addr().String())
	require.Equal(t, "no", res.Header.Get("X-Accel-Buffering"))
	for n := range 2 {
		line, err := lines.ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf("data: {\"data\":%d,\"type\":\"count\"}\n", n), line)
		_, err = lines.ReadString('\n')
		require.NoError(t, err)
	}
	res.Body.Close()
	<-disconnected
	require.EqualValues(t, 200, log.wait(t, 1)[0]["status"])
}

func TestStream_HandlerHijacks(t *testing.T) {
	for name, hijack := range map[string]func(http.ResponseWriter) (net.Conn, *bufio.ReadWriter, error){
		"http.Hijacker": func(w http.ResponseWriter) (net.Conn, *bufio.ReadWriter, error) { return w.(http.Hijacker).Hijack() },
		"ResponseController": func(w http.ResponseWriter) (net.Conn, *bufio.ReadWriter, error) {
			return http.NewResponseController(w).Hijack()
		},
	} {
		t.Run(name, func(t *testing.T) {
			log := new(buffer)
			s := serve(t, newApp("GET", func(c buffalo.Context) error {
				conn, buffered, err := hijack(c.Response())
				if err != nil {
					return err
				}
				defer conn.Close()
				fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
				line, err := buffered.ReadString('\n')
				fmt.Fprint(conn, line)
				return err
			}), logTo(log))
			conn, err := net.Dial("tcp", s.Listener.Addr().String())
			require.NoError(t, err)
			defer conn.Close()
			fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
			reader := bufio.NewReader(conn)
			res, err := http.ReadResponse(reader, nil)
			require.NoError(t, err)
			require.Equal(t, http.StatusSwitchingProtocols, res.StatusCode)
			fmt.Fprint(conn, "hello\n")
			rest, err := io.ReadAll(reader)
			require.NoError(t, err)
			require.Equal(t, "hello\n", string(rest))
			require.EqualValues(t, 101, log.wait(t, 1)[0]["status"])
		})
	}
}

// waiting returns an app that begins a response, waits until its context ends, sends the
// context's error to ended, and completes the response.
func waiting(begin func(http.ResponseWriter)) (app http.Handler, started chan bool, ended chan error) {
	started, ended = make(chan bool, 1), make(chan error, 1)
	return newApp("GET", func(c buffalo.Context) error {
		begin(c.Response())
		started <- true
		<-c.Done()
		ended <- c.Err()
		fmt.Fprintln(c.Response(), "bye")
		return nil
	}), started, ended
}

// The client receives what the handler sends after its context has ended.
func TestStream_EndsWhenTheServerStops(t *testing.T) {
	certFile, keyFile, roots := certificateFiles(t)
	for scheme, o := range map[string]ListenOptions{"http": {}, "https": {CertFile: certFile, KeyFile: keyFile}} {
		app, started, ended := waiting(func(w http.ResponseWriter) { w.(http.Flusher).Flush() })
		s, address := listen(t, app, o)
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}}
		res, err := client.Get(scheme + "://" + address)
		require.NoError(t, err)
		defer res.Body.Close()
		<-started
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		require.NoError(t, s.Shutdown(ctx))
		require.ErrorIs(t, <-ended, context.Canceled)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.Equal(t, "bye\n", string(body))
	}
}

func TestStream_HijackedEndsWhenTheServerStops(t *testing.T) {
	app, started, ended := waiting(func(w http.ResponseWriter) { w.(http.Hijacker).Hijack() })
	s, address := listen(t, app, ListenOptions{})
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
	<-started
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	require.NoError(t, s.Shutdown(ctx))
	require.ErrorIs(t, <-ended, context.Canceled)
}

func TestStream_ShutdownWaitsForOtherRequests(t *testing.T) {
	app, started, ended := waiting(func(http.ResponseWriter) {})
	s, address := listen(t, app, ListenOptions{})
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
	<-started
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := make(chan error)
	go func() { stopped <- s.Shutdown(ctx) }()
	for err == nil { // until Shutdown begins
		var other net.Conn
		if other, err = net.Dial("tcp", address); err == nil {
			other.Close()
		}
	}
	require.Empty(t, ended)
	cancel(errors.New("the time is over"))
	require.Error(t, <-stopped)
	require.ErrorIs(t, <-ended, context.Canceled)
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	require.True(t, strings.HasSuffix(string(answer), "bye\n"))
}
