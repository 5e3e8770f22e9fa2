package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/gobuffalo/buffalo"
	"github.com/stretchr/testify/require"
)

func maxBody(limit int64) func(*Options) {
	return func(o *Options) { o.MaxBody = func(string) int64 { return limit } }
}

func TestBody_Form(t *testing.T) {
	s := serve(t, echo, func(o *Options) { o.MaxBody = func(path string) int64 { return int64(len(path)) << 10 } })
	full := "a=" + strings.Repeat("x", 2<<10-2)
	for _, c := range []struct {
		path, body string
		status     int
	}{
		{"/x", full, 200},
		{"/x", full + "x", 413},
		{"/xx", full + "x", 200}, // this path has another limit
		{"/x", "a=%zz", 400},
	} {
		res, _ := send(t, s, "POST", c.path, c.body)
		require.Equal(t, c.status, res.StatusCode, "%s %.20s", c.path, c.body)
	}
	_, answer := send(t, s, "DELETE", "/", "current_password=x")
	require.Equal(t, "DELETE / current_password=x", answer)
}

func TestBody_LimitOf1MiB(t *testing.T) {
	s := serve(t, echo)
	full := "a=" + strings.Repeat("x", 1<<20-2)
	res, _ := send(t, s, "POST", "/", full)
	require.Equal(t, 200, res.StatusCode)
	res, _ = send(t, s, "POST", "/", full+"x")
	require.Equal(t, 413, res.StatusCode)
}

func TestBody_AnyContentTypeReachesTheApp(t *testing.T) {
	s := serve(t, newApp("POST", func(c buffalo.Context) error {
		bound, kind := struct{ Name string }{}, c.Request().Header.Get("Content-Type")
		if !strings.Contains(kind, "json") && !strings.Contains(kind, "xml") {
			_, err := io.Copy(c.Response(), c.Request().Body)
			return err
		}
		if err := c.Bind(&bound); err != nil {
			return err
		}
		fmt.Fprint(c.Response(), bound.Name)
		return nil
	}))
	for kind, body := range map[string]string{
		"application/json": `{"name": "Ada"}`, "text/xml": "<a><Name>Ada</Name></a>", "application/octet-stream": "Ada", "text/plain": "Ada", "multipart/mixed; boundary=x": "Ada", "": "Ada",
	} {
		res, answer := send(t, s, "POST", "/", body, "Content-Type", kind)
		require.Equal(t, 200, res.StatusCode, kind)
		require.Equal(t, "Ada", answer, kind)
	}
}

// A body of known length is refused before the app runs, one of unknown length while the
// app reads it.
func TestBody_TooLongIs413(t *testing.T) {
	called := 0
	s := serve(t, newApp("POST", func(c buffalo.Context) error {
		called++
		var bound map[string]string
		return c.Bind(&bound)
	}), maxBody(100))
	for n, body := range []io.Reader{strings.NewReader(`{"a": "` + strings.Repeat("x", 100) + `"}`), io.MultiReader(strings.NewReader(`{"a": "` + strings.Repeat("x", 100) + `"}`))} {
		req, err := http.NewRequest("POST", s.URL, body)
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultTransport.RoundTrip(req)
		require.NoError(t, err)
		res.Body.Close()
		require.Equal(t, 413, res.StatusCode)
		require.True(t, res.Close, "the rest is not read")
		require.Equal(t, n, called)
	}
}

func TestTooLarge(t *testing.T) {
	require.True(t, TooLarge(fmt.Errorf("reading: %w", &http.MaxBytesError{Limit: 1})))
	require.False(t, TooLarge(errors.New("http: request body too large")))
	require.False(t, TooLarge(nil))
}

func TestBody_IsReadWhileItIsSent(t *testing.T) {
	pieces := make(chan string)
	s := serve(t, newApp("POST", func(c buffalo.Context) error {
		for b := make([]byte, 100); ; {
			n, err := c.Request().Body.Read(b)
			if n > 0 {
				pieces <- string(b[:n])
			}
			if err != nil {
				close(pieces)
				return nil
			}
		}
	}))
	body, parts := io.Pipe()
	req, err := http.NewRequest("POST", s.URL, body)
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/octet-stream")
	go http.DefaultTransport.RoundTrip(req)
	for n := range 3 {
		fmt.Fprint(parts, n)
		require.Equal(t, fmt.Sprint(n), <-pieces)
	}
	parts.Close()
	_, open := <-pieces
	require.False(t, open)
}

func TestBody_EndlessIsNotKeptInMemory(t *testing.T) {
	s := serve(t, echo)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	req, err := http.NewRequest("POST", s.URL, io.LimitReader(zeros{}, 200<<20))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if res, err := http.DefaultTransport.RoundTrip(req); err == nil { // the server may close the connection first
		require.Equal(t, 413, res.StatusCode)
		res.Body.Close()
	}
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20))
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }
