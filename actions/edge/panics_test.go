package edge

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"corral/config"
)

// trap is a folder in which the second look is one too many.
type trap struct {
	fs.FS
	set bool
}

func (f *trap) Open(name string) (fs.File, error) {
	if f.set {
		panic("kept from the visitor")
	}
	return f.FS.Open(name)
}

// Wherever it happens, before routing, in a file or in the app, a panic is a
// logged 500, and the next request on the connection is answered.
func TestPanic_Anywhere(t *testing.T) {
	c, err := config.Current()
	require.NoError(t, err)
	files := &trap{FS: fstest.MapFS{"app.css": {Data: []byte("body{}")}}}
	assets, err := LoadAssets(files, true)
	require.NoError(t, err)
	files.set = true
	var log buffer
	boom := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("kept from the visitor") })
	s := httptest.NewServer(New(echo, Options{Config: c, Assets: assets, Reload: boom, Logger: NewLogger(&log, production), ErrorPage: page}))
	t.Cleanup(s.Close)
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	reader := bufio.NewReader(conn)
	ask := func(path string) *http.Response {
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, c.Host.Host)
		res, err := http.ReadResponse(reader, nil)
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NotContains(t, string(body), "kept from")
		return res
	}
	for i, path := range []string{"/panic", "/assets/x", "/robots.txt", "/dev/reload.js"} {
		res := ask(path)
		require.Equal(t, 500, res.StatusCode, path)
		require.Equal(t, "nosniff", res.Header.Get("X-Content-Type-Options"))
		require.Len(t, panicsIn(log.lines(t)), i+1, path)
	}
	require.Equal(t, 200, ask("/x").StatusCode, "on the same connection")
}

func panicsIn(lines []map[string]any) (panics []map[string]any) {
	for _, line := range lines {
		if line["event"] == "panic" && strings.Contains(line["stack"].(string), "goroutine") {
			panics = append(panics, line)
		}
	}
	return panics
}

// When half an answer is out already, the connection is given up: an answer
// that is cut off must not look whole.
func TestPanic_AfterHalfAnAnswer(t *testing.T) {
	h := recoverPanics(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "half")
		panic("too late")
	}), page)
	var log buffer
	s := httptest.NewServer(observe(h, NewLogger(&log, production), nil))
	t.Cleanup(s.Close)
	res, err := http.Get(s.URL)
	if err == nil {
		_, err = io.ReadAll(res.Body)
		res.Body.Close()
	}
	require.Error(t, err)
	require.Len(t, panicsIn(log.lines(t)), 1)
}
