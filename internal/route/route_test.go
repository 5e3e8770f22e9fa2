package route

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gobuffalo/buffalo"
	"github.com/stretchr/testify/require"

	"corral/internal/web"
)

var public = Guard{Name: "public", MaxBody: 1}

func show(buffalo.Context) error { return nil }

func TestTable_Limits(t *testing.T) {
	forever := time.Duration(0)
	table := Table{
		Get("/", public, show),
		Get("/notes/new", public, show, MaxBody(2)),
		Post("/notes/{id}", Guard{Name: "user", MaxBody: 3}, show),
		Put("/events/{id:[0-9]+}", Guard{Name: "local"}, show, MaxTime(forever)),
		Put("/files/{path:.+}", Guard{MaxBody: 4}, show, MaxTime(forever)),
		Put("/photo-{id}", Guard{MaxBody: 5}, show, MaxTime(forever)),
		Get("/{slug}.stream", Guard{MaxBody: 6}, show, MaxTime(forever)),
	}
	for path, want := range map[string]int64{
		"/": 1, "": 1, "/notes/new": 3, "/notes/new/": 3, "/notes/7": 3, "/notes": web.DefaultMaxBody, "/notes/7/x": web.DefaultMaxBody, "/events/1": web.DefaultMaxBody,
		"/files/a": 4, "/files/a/b.txt": 4, "/files/a/b/": 4, "/files": web.DefaultMaxBody, "/photo-7": 5, "/photo": web.DefaultMaxBody, "/live.stream": 6, "/live": web.DefaultMaxBody,
	} {
		require.Equal(t, want, table.MaxBody(path), path)
	}
	for _, path := range []string{"/events/1", "/files/a/b.txt", "/photo-7", "/live.stream", "/live.stream/"} {
		require.Equal(t, forever, table.MaxTime(path), path)
	}
	for _, path := range []string{"/notes/7", "/events/x", "/live", "/login", "/photo", "/live.stream/x"} {
		require.Equal(t, web.DefaultMaxTime, table.MaxTime(path), path)
	}
}

// A client may send a path with thousands of slashes. Each route compares it.
func TestTable_LongPathCostsNothing(t *testing.T) {
	table := Table{Get("/notes/{id}", public, show, MaxTime(time.Minute))}
	path := strings.Repeat("/a", 16_000)
	require.Zero(t, testing.AllocsPerRun(10, func() { table.MaxBody(path); table.MaxTime(path) }))
}

func TestTable_FindsTheRouteOfARequest(t *testing.T) {
	app, other, table := buffalo.New(buffalo.Options{Env: "test"}), Guard{Name: "other"}, Table(nil)
	show := func(c buffalo.Context) error {
		r := table.Of(c, other)
		_, err := fmt.Fprint(c.Response(), r.Method, " ", r.Path, " ", r.Guard.Name, " ", r.Mark)
		return err
	}
	app.GET("/undeclared", show)
	table = Table{Get("/", public, show), Get("/notes/{id}", public, show), Delete("/notes/{id}", Guard{Name: "user"}, show, Mark("open")), Get("/about/", public, show)}
	for _, r := range table {
		_, err := r.AddTo(app)
		require.NoError(t, err)
	}
	for path, want := range map[string]string{"GET /": "GET / public ", "GET /notes/7": "GET /notes/{id} public ", "DELETE /notes/7/": "DELETE /notes/{id} user open",
		"GET /about": "GET /about public ", "GET /undeclared": "GET /undeclared other "} {
		method, url, _ := strings.Cut(path, " ")
		req, err := http.NewRequest(method, url, nil)
		require.NoError(t, err)
		res := httptest.NewRecorder()
		app.ServeHTTP(res, req)
		require.Equal(t, want, res.Body.String(), path)
	}
	found, ok := table.Find("DELETE", "/notes/{id}")
	require.True(t, ok)
	require.Equal(t, "user", found.Guard.Name)
	require.Equal(t, "open", found.Mark)
	_, ok = table.Find("GET", "/about")
	require.True(t, ok)
	_, ok = table.Find("PUT", "/notes/{id}")
	require.False(t, ok)
}

// The app panics with this error when it starts.
func TestRoute_NeverReachedIsAnError(t *testing.T) {
	app := buffalo.New(buffalo.Options{Env: "test"})
	for _, path := range []string{"/", "/notes/new", "/notes/{id:[0-9]+}", "/notes/{name}.svg", "/notes/plan", "/notes/{id}", "/notes/{id}/new", "/notes/{path:.+}", "/tags/{tag:[^x]+}", "/tags/{tag}"} {
		_, err := Get(path, public, show).AddTo(app)
		require.NoError(t, err, path)
	}
	for path, earlier := range map[string]string{"/notes/last": "/notes/{id}", "/notes/{name}": "/notes/{id}", "/notes/{name}.png": "/notes/{id}", "/notes/7/new": "/notes/{id}/new", "/": "/"} {
		_, err := Get(path, public, show).AddTo(app)
		require.EqualError(t, err, "route GET "+path+" is never reached: add it before "+earlier)
	}
	_, err := Post("/notes/last", public, show).AddTo(app)
	require.NoError(t, err, "of another method")
}

// The app panics with this error when it starts.
func TestRoute_UnknownMethodIsAnError(t *testing.T) {
	_, err := New("ANY", "/anything", public, show).AddTo(buffalo.New(buffalo.Options{Env: "test"}))
	require.EqualError(t, err, "route /anything has the unknown method ANY")
}
