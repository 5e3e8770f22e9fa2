package actions

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/buffalo/binding"
	"github.com/gobuffalo/buffalo/render"
	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/models/modelstest"
)

func writes(word string) buffalo.MiddlewareFunc {
	return func(next buffalo.Handler) buffalo.Handler {
		return func(c buffalo.Context) error {
			fmt.Fprint(c.Response(), word+" ")
			return next(c)
		}
	}
}

// Buffalo's methods that add routes work, and the guard protects their routes.
func TestBuffalo_RoutesBehaveAsInAPlainApp(t *testing.T) {
	s := newSite(t)
	done := func(c buffalo.Context) error {
		_, err := fmt.Fprintf(c.Response(), "%s %s", c.Request().Method, c.Param("n"))
		return err
	}
	other := func(c buffalo.Context) error { return done(c) }
	first, second := writes("first"), writes("second")
	group := app.Group("/test/group")
	group.Use(first)
	group.GET("/used", done)
	group.GET("/skipped", other)
	group.Middleware.Skip(first, other)
	replaced := app.Group("/test/replaced")
	replaced.Use(first)
	replaced.Middleware.Replace(first, second)
	replaced.GET("/", done)
	app.ANY("/test/any", done)
	app.GET("/test/numbers/{n:[0-9]+}", done)
	app.Redirect(http.StatusFound, "/test/old", "/account")
	app.Mount("/test/mounted", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Method+" "+r.URL.Path) }))
	app.GET("/test/teapot", func(c buffalo.Context) error { return c.Error(http.StatusTeapot, errors.New("short and stout")) })
	app.ErrorHandlers[http.StatusTeapot] = func(status int, err error, c buffalo.Context) error {
		c.Response().WriteHeader(status)
		_, writing := fmt.Fprint(c.Response(), err)
		return writing
	}

	modelstest.SignUp(t, "ada@example.com")
	ada, anonymous := s.loggedIn("ada@example.com", firefox), s.browser()
	for _, c := range []struct {
		request string
		status  int
		page    string
	}{
		{"GET /test/group/used", 200, "first GET "},
		{"GET /test/group/skipped", 200, "GET "},
		{"GET /test/replaced", 200, "second GET "},
		{"GET /test/any", 200, "GET "},
		{"POST /test/any", 200, "POST "},
		{"PUT /test/any", 200, "PUT "},
		{"PATCH /test/any", 200, "PATCH "},
		{"DELETE /test/any", 200, "DELETE "},
		{"OPTIONS /test/any", 200, "OPTIONS "},
		{"GET /test/numbers/42", 200, "GET 42"},
		{"GET /test/old", 302, ""},
		{"GET /test/mounted/a/b", 200, "GET /a/b/"},
		{"DELETE /test/mounted/a", 200, "DELETE /a/"},
		{"GET /test/teapot", 418, "short and stout"},
	} {
		method, path, _ := strings.Cut(c.request, " ")
		a := ada.Send(method, path, nil)
		require.Equal(t, c.status, a.StatusCode, c.request)
		if c.status != http.StatusFound {
			require.Equal(t, c.page, a.Page, c.request)
		}
		require.Equal(t, "/login", anonymous.Send(method, path, nil).LocationPath(), c.request)
	}
	require.Equal(t, "/account", ada.Get("/test/old").Location())
	require.Equal(t, 404, ada.Get("/test/numbers/x").StatusCode)
}

func init() {
	binding.Register("text/x-note", func(r *http.Request, value any) error {
		return json.NewDecoder(r.Body).Decode(value)
	})
}

func TestBuffalo_BindUsesTheOwnersBinder(t *testing.T) {
	s := newSite(t)
	app.POST("/test/note", func(c buffalo.Context) error {
		var note struct{ Text string }
		if err := c.Bind(&note); err != nil {
			return err
		}
		_, err := fmt.Fprint(c.Response(), note.Text)
		return err
	})
	modelstest.SignUp(t, "ada@example.com")
	a := s.loggedIn("ada@example.com", firefox).SendBody("POST", "/test/note", "text/x-note", `{"text":"Milk"}`)
	require.Equal(t, "Milk", a.Page)
}

func TestBuffalo_RequestIDIsInTheContext(t *testing.T) {
	s := newSite(t)
	app.GET("/test/id", func(c buffalo.Context) error {
		return c.Render(http.StatusOK, render.New(render.Options{}).String("<%= request_id %>"))
	})
	modelstest.SignUp(t, "ada@example.com")
	a := s.loggedIn("ada@example.com", firefox).Get("/test/id")
	require.NotEmpty(t, a.Page)
	require.Equal(t, a.Header.Get("X-Request-Id"), a.Page)
}

func TestBuffalo_BindRefusesUnreadableBodies(t *testing.T) {
	s := newSite(t)
	app.POST("/test/bind", func(c buffalo.Context) error {
		var bound struct {
			N int `form:"n"`
		}
		if err := c.Bind(&bound); err != nil {
			return err
		}
		_, err := fmt.Fprint(c.Response(), bound.N)
		return err
	})
	modelstest.SignUp(t, "ada@example.com")
	ada := s.loggedIn("ada@example.com", firefox)
	const form, upload = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"
	part := "--x\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\n%s\r\n--x--\r\n"
	for _, c := range []struct {
		contentType, body string
		status            int
	}{
		{form, "n=7", 200}, {form, "n=x", 400},
		{upload, fmt.Sprintf(part, "7"), 200}, {upload, fmt.Sprintf(part, "x"), 400},
		{"application/json", `{"n":7}`, 200}, {"application/json", `{"n":"x"}`, 400}, {"application/json", `{"n":`, 400}, {"text/json", "", 400},
		{"application/xml", "<a><N>7</N></a>", 200}, {"text/xml", "<a><N>x</N></a>", 400}, {"application/xml", "<a>", 400},
	} {
		a := ada.SendBody("POST", "/test/bind", c.contentType, c.body)
		require.Equal(t, c.status, a.StatusCode, "%s %s", c.contentType, c.body)
		if c.status == http.StatusOK {
			require.Equal(t, "7", a.Page)
		}
	}
}

// Buffalo's other renderers and an error handler that a developer adds have the app's layout.
func TestBuffalo_LayoutOfOtherPages(t *testing.T) {
	s := newSite(t)
	app.GET("/test/layout", func(c buffalo.Context) error {
		c.Flash().Add("info", "app.name")
		return c.Render(http.StatusOK, r.Template("text/html", "welcome/show.plush.html", "application.plush.html"))
	})
	app.ErrorHandlers[http.StatusNotFound] = func(status int, _ error, c buffalo.Context) error {
		return c.Render(status, r.HTML("welcome/show.plush.html"))
	}
	modelstest.SignUp(t, "ada@example.com")
	ada := s.loggedIn("ada@example.com", firefox)
	a := ada.Get("/test/layout")
	require.Equal(t, 200, a.StatusCode)
	require.Contains(t, apptest.Flashes(a.Page), in("en-US", "app.name"))
	a = ada.Get("/nowhere")
	require.Equal(t, 404, a.StatusCode)
	require.Contains(t, a.Page, `<html lang="en-US" dir="ltr">`)
}

// An error page does not have the headers that the handler set for its content.
func TestBuffalo_ErrorAfterHeaders(t *testing.T) {
	s := newSite(t)
	app.GET("/test/headers", func(c buffalo.Context) error {
		for name, value := range map[string]string{"Cache-Control": "public, max-age=60", "Content-Length": "1000000", "Content-Disposition": "attachment", "ETag": `"1"`} {
			c.Response().Header().Set(name, value)
		}
		return c.Error(http.StatusConflict, errors.New("no content"))
	})
	modelstest.SignUp(t, "ada@example.com")
	a := s.loggedIn("ada@example.com", firefox).Get("/test/headers")
	require.Equal(t, http.StatusConflict, a.StatusCode)
	require.Contains(t, a.Page, "</html>")
	require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	require.Empty(t, a.Header.Get("Content-Disposition")+a.Header.Get("ETag"))
}

// Files need no login, and have the headers of every response.
func TestBuffalo_ServeFilesIsPublic(t *testing.T) {
	s := newSite(t)
	app.ServeFiles("/test/files", http.FS(fstest.MapFS{"a.txt": {Data: []byte("a file")}}))
	a := s.browser().Get("/test/files/a.txt")
	require.Equal(t, 200, a.StatusCode)
	require.Equal(t, "a file", a.Page)
	require.Equal(t, "nosniff", a.Header.Get("X-Content-Type-Options"))
	require.Equal(t, []string{"max-age=31536000"}, a.Header.Values("Cache-Control"))
	require.Equal(t, 404, s.browser().Get("/test/files/none.txt").StatusCode)
}
