package web

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/gobuffalo/buffalo"
	"github.com/stretchr/testify/require"
)

func maxTimeOf(limit time.Duration) func(*Options) {
	return func(o *Options) { o.MaxTime = func(string) time.Duration { return limit } }
}

// serveWithin serves an app with the given timeouts of net/http.
func serveWithin(t *testing.T, timeout time.Duration, app http.Handler, change ...func(*Options)) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(chain(t, app, change...))
	s.Config.ReadTimeout, s.Config.WriteTimeout = timeout, timeout
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func TestTime_DeadlineEndsTheContext(t *testing.T) {
	s := serve(t, newApp("GET", func(c buffalo.Context) error {
		<-c.Done()
		fmt.Fprint(c.Response(), c.Err())
		return nil
	}), maxTimeOf(100*time.Millisecond))
	_, answer := send(t, s, "GET", "/", "")
	require.Equal(t, context.DeadlineExceeded.Error(), answer)
}

func TestTime_UnlimitedOutlivesTheTimeouts(t *testing.T) {
	const timeout = 50 * time.Millisecond
	app := newApp("POST", func(c buffalo.Context) error {
		if _, limited := c.Deadline(); limited {
			return errors.New("the context has a deadline")
		}
		body, err := io.ReadAll(c.Request().Body)
		if err != nil {
			return err
		}
		time.Sleep(4 * timeout)
		c.Response().Write(body)
		return nil
	})
	app.Use(AllowTime)
	s := serveWithin(t, timeout, app, maxTimeOf(0))
	body, parts := io.Pipe()
	go func() {
		for range 4 {
			time.Sleep(timeout)
			fmt.Fprint(parts, "part ")
		}
		parts.Close()
	}()
	res, err := http.Post(s.URL, "text/plain", body)
	require.NoError(t, err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, "part part part part ", string(answer))
}

// A guard refuses the client, which sends nothing of its body.
func TestTime_RefusedClientDoesNotHoldTheConnection(t *testing.T) {
	app := newApp("GET", func(c buffalo.Context) error { return errors.New("passed the guard") })
	app.POST("/", func(c buffalo.Context) error { return errors.New("passed the guard") })
	app.Use(func(buffalo.Handler) buffalo.Handler {
		return func(c buffalo.Context) error { return c.Redirect(http.StatusFound, "/login") }
	})
	app.Use(AllowTime)
	s := serveWithin(t, 200*time.Millisecond, app, maxTimeOf(0))
	for _, header := range []string{"GET / HTTP/1.1", "POST / HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x"} {
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		require.NoError(t, err)
		defer conn.Close()
		fmt.Fprintf(conn, "%s\r\nHost: %s\r\nContent-Length: 10\r\n\r\n", header, s.Listener.Addr())
		_, err = io.ReadAll(conn) // returns when the server closes the connection
		require.NoError(t, err, header)
	}
}

// deadlines is a ResponseWriter that records the deadlines that are set.
type deadlines struct {
	*httptest.ResponseRecorder
	read, write []time.Time
}

func (d *deadlines) SetReadDeadline(at time.Time) error  { d.read = append(d.read, at); return nil }
func (d *deadlines) SetWriteDeadline(at time.Time) error { d.write = append(d.write, at); return nil }

func (d *deadlines) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, nil }

// Those of the request end with its handler.
func TestTime_OnlyLongLimitsSetDeadlines(t *testing.T) {
	for _, c := range []struct {
		limit  time.Duration
		hijack bool
		sets   int
	}{{time.Second, false, 0}, {15 * time.Second, false, 0}, {time.Hour, false, 2}, {0, false, 2}, {0, true, 1}} {
		w, called, began := &deadlines{ResponseRecorder: httptest.NewRecorder()}, false, time.Now()
		app := newApp("GET", func(ctx buffalo.Context) error {
			called = true
			end, limited := ctx.Deadline()
			require.Equal(t, c.limit > 0, limited)
			if limited {
				require.WithinRange(t, end, began.Add(c.limit), time.Now().Add(c.limit))
			}
			if c.hijack {
				_, _, err := Controller(ctx).Hijack()
				require.NoError(t, err)
			}
			return nil
		})
		app.Use(AllowTime)
		o := testOptions(t)
		maxTimeOf(c.limit)(&o)
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = o.PublicURL.Host
		New(app, o).ServeHTTP(w, r)
		require.True(t, called)
		require.Len(t, w.read, c.sets, "%+v", c)
		require.Len(t, w.write, min(c.sets, 1), "%+v", c)
		for _, set := range [][]time.Time{w.read, w.write} {
			switch {
			case c.limit > DefaultMaxTime:
				require.WithinRange(t, set[0], began.Add(c.limit+15*time.Second), time.Now().Add(c.limit+15*time.Second))
			case c.sets > 0:
				require.Zero(t, set[0])
			}
		}
		if c.sets == 2 {
			require.WithinRange(t, w.read[1], began.Add(15*time.Second), time.Now().Add(15*time.Second))
		}
	}
}

func TestController_ReachesTheDeadlines(t *testing.T) {
	s := serve(t, newApp("POST", func(c buffalo.Context) error {
		if err := http.NewResponseController(c.Response()).SetReadDeadline(time.Now()); err == nil {
			return errors.New("Controller is no longer needed")
		}
		if err := Controller(c).SetReadDeadline(time.Now()); err != nil {
			return err
		}
		_, err := io.ReadAll(c.Request().Body)
		fmt.Fprint(c.Response(), errors.Is(err, os.ErrDeadlineExceeded))
		return nil
	}))
	body, _ := io.Pipe()
	defer body.Close()
	res, err := http.Post(s.URL, "text/plain", body)
	require.NoError(t, err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, "true", string(answer))
	require.ErrorIs(t, Controller(t.Context()).Flush(), http.ErrNotSupported, "outside of New's handler")
}
