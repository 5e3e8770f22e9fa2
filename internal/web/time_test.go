package web

import (
	"context"
	"errors"
	"fmt"
	"io"
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

// deadlines is a ResponseWriter that records the deadlines that are set.
type deadlines struct {
	*httptest.ResponseRecorder
	read, write time.Time
}

func (d *deadlines) SetReadDeadline(at time.Time) error  { d.read = at; return nil }
func (d *deadlines) SetWriteDeadline(at time.Time) error { d.write = at; return nil }

func TestTime_OnlyLongLimitsSetDeadlines(t *testing.T) {
	for path, want := range map[string]time.Duration{"/": 15 * time.Second, "/quick": time.Second, "/export": time.Hour} {
		w, called, began := &deadlines{ResponseRecorder: httptest.NewRecorder()}, false, time.Now()
		app := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			end, limited := r.Context().Deadline()
			require.True(t, limited)
			require.WithinRange(t, end, began.Add(want), time.Now().Add(want))
			called = true
		})
		o := testOptions(t)
		if path != "/" {
			o.MaxTime = func(path string) time.Duration {
				return map[string]time.Duration{"/quick": time.Second, "/export": time.Hour}[path]
			}
		}
		r := httptest.NewRequest("GET", path, nil)
		r.Host = o.PublicURL.Host
		New(app, o).ServeHTTP(w, r)
		require.True(t, called)
		if want <= 15*time.Second {
			require.Zero(t, w.read)
			require.Zero(t, w.write)
			continue
		}
		latest := time.Now().Add(want + 15*time.Second)
		require.WithinRange(t, w.read, began.Add(want+15*time.Second), latest)
		require.WithinRange(t, w.write, began.Add(want+15*time.Second), latest)
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
