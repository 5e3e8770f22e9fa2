package web

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/buffalo/binding"
	"github.com/stretchr/testify/require"
)

func TestMethodOverride_OnlyFromAForm(t *testing.T) {
	s := serve(t, echo)
	for _, c := range []struct{ method, path, body, want string }{
		{"POST", "/x", "_method=PUT&a=1", "PUT"},
		{"POST", "/x", "_method=PATCH", "PATCH"},
		{"POST", "/x", "_method=DELETE", "DELETE"},
		{"POST", "/x", "_method=HEAD", "POST"},
		{"POST", "/x", "_method=GET", "POST"},
		{"POST", "/x", "_method=TRACE", "POST"},
		{"POST", "/x", "_method=delete", "POST"},
		{"POST", "/x", "_method=", "POST"},
		{"POST", "/x?_method=DELETE", "a=1", "POST"},
		{"GET", "/x?_method=DELETE", "", "GET"},
		{"PUT", "/x", "_method=DELETE", "PUT"},
	} {
		_, answer := send(t, s, c.method, c.path, c.body)
		require.True(t, strings.HasPrefix(answer, c.want+" "), "%+v: %s", c, answer)
	}
}

// If a form could turn a POST into a HEAD, the client would take the response's body for
// its next response.
func TestMethodOverride_HEADLeavesTheConnectionInStep(t *testing.T) {
	s := serve(t, echo)
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	fmt.Fprint(conn, "POST /one HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 12\r\n\r\n_method=HEAD"+
		"HEAD /two HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /three HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
	reader := bufio.NewReader(conn)
	for _, want := range []struct{ method, body string }{{"POST", "POST /one _method=HEAD"}, {"HEAD", ""}, {"GET", "GET /three "}} {
		res, err := http.ReadResponse(reader, &http.Request{Method: want.method})
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.Equal(t, want.body, string(body))
	}
}

// upload returns a multipart form with fields, from pairs of a name and a value, and a
// file.
func upload(t *testing.T, file []byte, pairs ...string) (body *bytes.Buffer, contentType string) {
	t.Helper()
	body = new(bytes.Buffer)
	w := multipart.NewWriter(body)
	for i := 0; i < len(pairs); i += 2 {
		require.NoError(t, w.WriteField(pairs[i], pairs[i+1]))
	}
	if file != nil {
		part, err := w.CreateFormFile("picture", "ada.png")
		require.NoError(t, err)
		_, err = part.Write(file)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return body, w.FormDataContentType()
}

// form_for puts _method first.
func TestMethodOverride_ReadsTheFirstMultipartField(t *testing.T) {
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		MethodOverride(w, r)
		r.ParseMultipartForm(1 << 20)
		fmt.Fprintf(w, "%s %s", r.Method, r.PostForm.Encode())
	}))
	for _, c := range []struct {
		pairs []string
		want  string
	}{
		{[]string{"_method", "PUT", "a", "1"}, "PUT _method=PUT&a=1"},
		{[]string{"_method", "DELETE"}, "DELETE _method=DELETE"},
		{[]string{"_method", "HEAD"}, "POST _method=HEAD"},
		{[]string{"_method", "PUT" + strings.Repeat(" ", 20)}, "POST _method=PUT" + strings.Repeat("+", 20)},
		{[]string{"a", "1", "_method", "PUT"}, "POST _method=PUT&a=1"},
		{[]string{"a", strings.Repeat("x", 5000), "_method", "PUT"}, "POST _method=PUT&a=" + strings.Repeat("x", 5000)},
		{nil, "POST "},
	} {
		body, kind := upload(t, nil, c.pairs...)
		_, answer := send(t, s, "POST", "/", body.String(), "Content-Type", kind)
		require.Equal(t, c.want, answer)
	}
}

// newUpload returns an app whose handler reads a form by c.Param, c.File and c.Bind. Its
// guard, before ReadBody, sets reads to 0 if nothing of the form was read yet.
func newUpload(reads *int) *buffalo.App {
	app := newApp("PUT", func(c buffalo.Context) error {
		file, err := c.File("picture")
		if err != nil {
			return err
		}
		content, err := io.ReadAll(file)
		if err != nil {
			return err
		}
		var bound struct {
			Title   string       `form:"title"`
			Picture binding.File `form:"picture"`
		}
		if err := c.Bind(&bound); err != nil {
			return err
		}
		fmt.Fprintf(c.Response(), "%s %s %s %d %s", c.Param("title"), c.Param("page"), bound.Title, len(content), bound.Picture.Filename)
		return nil
	})
	app.Use(func(next buffalo.Handler) buffalo.Handler {
		return func(c buffalo.Context) error {
			*reads = len(c.Request().PostForm) + len(c.Param("title"))
			if c.Request().MultipartForm != nil {
				*reads++
			}
			return next(c)
		}
	})
	app.Use(ReadBody)
	return app
}

func TestReadBody(t *testing.T) {
	t.Setenv("TMPDIR", "/nonexistent") // a container may have no folder for temporary files
	reads := -1
	s := serve(t, newUpload(&reads), maxBody(20<<20))
	body, kind := upload(t, make([]byte, 15<<20), "_method", "PUT", "title", "A title", "title", "Another", "page", "8") // the first counts, as in net/http
	res, answer := send(t, s, "POST", "/?page=7", body.String(), "Content-Type", kind)
	require.Equal(t, 200, res.StatusCode)
	require.Equal(t, "A title 7 A title 15728640 ada.png", answer)
	require.Zero(t, reads, "before the guards nothing is parsed")
}

func TestReadBody_Refuses(t *testing.T) {
	reads := -1
	s := serve(t, newUpload(&reads), maxBody(1<<10))
	long, kind := upload(t, make([]byte, 2<<10), "title", "A title")
	many, kindOfMany := upload(t, nil, strings.Split(strings.Repeat("a,b,", 1001)+"a,b", ",")...) // net/http allows 1000 parts
	for _, c := range []struct {
		body, kind string
		limit      int64
		status     int
	}{
		{long.String(), kind, 1 << 10, 413},
		{many.String(), kindOfMany, 1 << 20, 413},
		{"nonsense", kind, 1 << 10, 400},
		{"nonsense", "multipart/form-data", 1 << 10, 400},
	} {
		s := serve(t, newUpload(&reads), maxBody(c.limit))
		req, err := http.NewRequest("PUT", s.URL, io.MultiReader(strings.NewReader(c.body))) // a body of unknown length
		require.NoError(t, err)
		req.Header.Set("Content-Type", c.kind)
		res, err := http.DefaultTransport.RoundTrip(req)
		require.NoError(t, err)
		res.Body.Close()
		require.Equal(t, c.status, res.StatusCode, "%.30s", c.body)
	}
	res, _ := send(t, s, "PUT", "/", long.String(), "Content-Type", kind)
	require.Equal(t, 413, res.StatusCode, "with a Content-Length")
}

// bindable is a form that binds itself.
type bindable struct{ bind func(*http.Request) error }

func (b bindable) Bind(r *http.Request) error { return b.bind(r) }

// Buffalo locks its decoders while it reads a body, which stops the forms of all clients.
func TestReadBody_SlowClientDelaysNoOther(t *testing.T) {
	binding.Register("text/x-note", func(r *http.Request, value any) error { return json.NewDecoder(r.Body).Decode(value) })
	began := make(chan bool, 1)
	bind := func(c buffalo.Context) error {
		var bound struct{ Name string }
		form := any(&bound)
		if strings.HasPrefix(c.Request().Header.Get("Content-Type"), "text/x-own") {
			form = bindable{func(r *http.Request) error { return json.NewDecoder(r.Body).Decode(&bound) }}
		}
		read := c.Bind
		if c.Request().Header.Get("X-Bind") != "" {
			read = func(form any) error { return Bind(c, form) }
		}
		if err := read(form); err != nil {
			return err
		}
		fmt.Fprint(c.Response(), bound.Name)
		return nil
	}
	app := newApp("POST", bind)
	app.Use(func(next buffalo.Handler) buffalo.Handler {
		return func(c buffalo.Context) error {
			began <- true
			return next(c)
		}
	})
	app.Use(ReadBody)
	app.Use(func(next buffalo.Handler) buffalo.Handler { // as Buffalo's contenttype.Set
		return func(c buffalo.Context) error {
			if c.Request().Header.Get("Content-Type") == "text/plain" {
				c.Request().Header.Set("Content-Type", "application/json")
			}
			return next(c)
		}
	})
	s := serve(t, app)
	for _, c := range []struct{ header, body string }{
		{"Content-Type: application/json; charset=utf-8", `{"Name":"Ada"}`},
		{"Content-Type: Text/JSON", `{"Name":"Ada"}`},
		{"Content-Type: application/json, text/html", `{"Name":"Ada"}`},
		{"Content-Type: application/xml", `<a><Name>Ada</Name></a>`},
		{"Accept: application/json", `{"Name":"Ada"}`},
		{"Accept: */*, application/json", `{"Name":"Ada"}`},
		{"Content-Type: text/plain", `{"Name":"Ada"}`},
		{"Content-Type: text/x-note", `{"Name":"Ada"}`},
		{"Content-Type: text/x-note\r\nX-Bind: 1", `{"Name":"Ada"}`},
		{"Content-Type: text/x-own", `{"Name":"Ada"}`},
	} {
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		require.NoError(t, err)
		defer conn.Close()
		fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: %s\r\n%s\r\nContent-Length: %d\r\n\r\n%s", conn.RemoteAddr(), c.header, len(c.body), c.body[:5])
		<-began
		for range 20 { // the slow request may not have reached c.Bind yet
			other := &http.Client{Timeout: time.Minute}
			res, err := other.Post(s.URL, "application/x-www-form-urlencoded", strings.NewReader("Name=Eve"))
			require.NoError(t, err, c.header)
			res.Body.Close()
			require.Equal(t, 200, res.StatusCode)
			<-began
		}
		fmt.Fprint(conn, c.body[5:])
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		answer, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.Equal(t, "Ada", string(answer), c.header)
	}
}

func TestReadBody_OtherBodiesAreStreams(t *testing.T) {
	pieces := make(chan string)
	app := newApp("POST", func(c buffalo.Context) error {
		lines := bufio.NewScanner(c.Request().Body)
		for lines.Scan() {
			pieces <- lines.Text()
		}
		return lines.Err()
	})
	app.Use(ReadBody)
	s := serve(t, app)
	for _, kind := range []string{"application/octet-stream", "application/json"} {
		body, parts := io.Pipe()
		go http.Post(s.URL, kind, body)
		for n := range 3 {
			fmt.Fprintln(parts, n)
			require.Equal(t, fmt.Sprint(n), <-pieces)
		}
		parts.Close()
	}
}

func TestReadBody_WithoutABodyTheContextIsBuffalos(t *testing.T) {
	app := newApp("GET", func(c buffalo.Context) error {
		require.IsType(t, &buffalo.DefaultContext{}, c)
		return nil
	})
	app.Use(ReadBody)
	_, err := http.Get(serve(t, app).URL)
	require.NoError(t, err)
}

func TestReadBody_SkippedStreamsTheParts(t *testing.T) {
	handler := func(c buffalo.Context) error {
		parts, err := c.Request().MultipartReader()
		if err != nil {
			return err
		}
		part, err := parts.NextPart()
		if err == nil {
			fmt.Fprint(c.Response(), part.FormName())
		}
		return err
	}
	app := newApp("POST", handler)
	app.Use(ReadBody)
	app.Middleware.Skip(ReadBody, handler)
	body, kind := upload(t, nil, "title", "A title")
	_, answer := send(t, serve(t, app), "POST", "/", body.String(), "Content-Type", kind)
	require.Equal(t, "title", answer)
}
