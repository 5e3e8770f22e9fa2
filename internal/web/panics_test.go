package web

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/buffalo/render"
	"github.com/stretchr/testify/require"
)

// trap is a file system that panics when set is true.
type trap struct {
	fs.FS
	set bool
}

func (f *trap) Open(name string) (fs.File, error) {
	if f.set {
		panic("kept from the client")
	}
	return f.FS.Open(name)
}

func TestPanic_AnywhereIs500(t *testing.T) {
	files := &trap{FS: fstest.MapFS{"app.css": {Data: []byte("body{}")}}}
	assets, err := LoadAssets(files, true)
	require.NoError(t, err)
	files.set = true
	var log buffer
	boom := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("kept from the client") })
	s := serve(t, echo, logTo(&log), func(o *Options) { o.Assets, o.Reload = assets, boom })
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	reader := bufio.NewReader(conn)
	ask := func(path string) *http.Response {
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, "127.0.0.1")
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
	lines := log.lines(t)
	require.Equal(t, "/dev/reload.js", lines[len(lines)-1]["route"])
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

// A partial response must not look complete.
func TestPanic_AfterHalfAResponseAborts(t *testing.T) {
	h := recoverPanics(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "half")
		panic("too late")
	}), page)
	var log buffer
	s := httptest.NewServer(observe(h, newLog(&log), nil))
	t.Cleanup(s.Close)
	res, err := http.Get(s.URL)
	if err == nil {
		_, err = io.ReadAll(res.Body)
		res.Body.Close()
	}
	require.Error(t, err)
	require.Len(t, panicsIn(log.wait(t, 2)), 1)
}

func TestPanicHandler_Aborts(t *testing.T) {
	for name, c := range map[string]struct {
		begin  bool
		cause  any
		events []any
	}{
		"begun":      {true, "too late", []any{"panic", "request cut off"}},
		"not begun":  {false, http.ErrAbortHandler, []any{"request cut off"}},
		"on purpose": {true, http.ErrAbortHandler, []any{"request cut off"}},
	} {
		app := newApp("GET", func(ctx buffalo.Context) error {
			if c.begin {
				fmt.Fprint(ctx.Response(), "half")
			}
			panic(c.cause)
		})
		app.Use(PanicHandler(app))
		app.ErrorHandlers[http.StatusInternalServerError] = func(status int, err error, c buffalo.Context) error {
			Failed(c, status, err, app.Muxer())
			return nil
		}
		log := new(buffer)
		res, err := http.Get(serve(t, app, logTo(log)).URL)
		if err == nil {
			_, err = io.ReadAll(res.Body)
			res.Body.Close()
		}
		require.Error(t, err, name)
		var events []any
		for _, line := range log.wait(t, len(c.events)) {
			events = append(events, line["event"])
		}
		require.Equal(t, c.events, events, name)
	}
}

func TestStarted_ErrorAborts(t *testing.T) {
	for path, begin := range map[string]func(http.ResponseWriter){
		"/": func(http.ResponseWriter) {}, "/header": func(w http.ResponseWriter) { w.WriteHeader(200) }, "/write": func(w http.ResponseWriter) { fmt.Fprint(w, "half") },
		"/flush": func(w http.ResponseWriter) { w.(http.Flusher).Flush() }, "/hints": func(w http.ResponseWriter) { w.WriteHeader(http.StatusEarlyHints) },
	} {
		log := new(buffer)
		app := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			begin(w)
			if Info(r.Context()).Started() {
				panic(http.ErrAbortHandler)
			}
			page(w, r, 500)
		})
		s := serve(t, app, logTo(log))
		res, err := http.Get(s.URL + path)
		if err == nil {
			_, err = io.ReadAll(res.Body)
			res.Body.Close()
		}
		line := log.wait(t, 1)[0]
		if path == "/" || path == "/hints" {
			require.NoError(t, err, path)
			require.Equal(t, 500, res.StatusCode, path)
			require.Equal(t, "request", line["event"], path)
			continue
		}
		require.Error(t, err, path)
		require.Equal(t, "request cut off", line["event"], path)
		require.EqualValues(t, 200, line["status"], path)
	}
}

func TestStarted_BuffaloErrorAborts(t *testing.T) {
	log := new(buffer)
	s := serve(t, newApp("GET", func(c buffalo.Context) error {
		fmt.Fprint(c.Response(), "half")
		return errors.New("too late")
	}), logTo(log))
	res, err := http.Get(s.URL)
	if err == nil {
		_, err = io.ReadAll(res.Body)
		res.Body.Close()
	}
	require.Error(t, err)
	require.Equal(t, "request cut off", log.wait(t, 1)[0]["event"])
}

func TestResponse_BodyOfNoContentIsDropped(t *testing.T) {
	engine := render.New(render.Options{})
	for _, status := range []int{204, 304} {
		s := serve(t, newApp("GET", func(c buffalo.Context) error { return c.Render(status, engine.String("nothing")) }))
		res, _ := send(t, s, "GET", "/", "")
		require.Equal(t, status, res.StatusCode)
	}
}

func TestResponse_CutOffIsLogged(t *testing.T) {
	log := new(buffer)
	s := serve(t, newApp("GET", func(c buffalo.Context) error {
		if err := Controller(c).SetWriteDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
			return err
		}
		for err := error(nil); err == nil; { // like http.ServeContent, which returns no error
			_, err = c.Response().Write(make([]byte, 1<<16))
		}
		return nil
	}), logTo(log))
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n") // and reads nothing
	require.Equal(t, "request cut off", log.wait(t, 1)[0]["event"])
}
