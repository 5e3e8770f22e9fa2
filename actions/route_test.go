package actions

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gobuffalo/buffalo"
	"github.com/stretchr/testify/require"

	"corral/models/modelstest"
)

func TestRoute_MaxBodyByGuardOrRoute(t *testing.T) {
	before := routes
	t.Cleanup(func() { routes = before })
	count := func(c buffalo.Context) error {
		_, err := io.Copy(io.Discard, c.Request().Body)
		return errOr(c, err)
	}
	routes = append(slices.Clone(routes), post("/anyone", public, count), post("/users", user, count), post("/confirmed", sudo, count), post("/photos", user, count, maxBody(3<<20)))
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	ada := s.loggedIn("ada@example.com", firefox)
	for path, most := range map[string]int{"/anyone": 64 << 10, "/users": 1 << 20, "/confirmed": 1 << 20, "/photos": 3 << 20} {
		for size, want := range map[int]int{most: 200, most + 1: 413} {
			req, err := http.NewRequest("POST", s.URL+path, io.MultiReader(strings.NewReader(strings.Repeat("x", size)))) // of unknown length
			require.NoError(t, err)
			req.Header.Set("Content-Type", "application/octet-stream")
			req.Header.Set("Cookie", sessionCookieName+"="+ada.sessionCookie())
			res, err := s.Client().Do(req)
			require.NoError(t, err)
			res.Body.Close()
			require.Equal(t, want, res.StatusCode, "%s with %d bytes", path, size)
		}
	}
}

func errOr(c buffalo.Context, err error) error {
	if err != nil {
		return err
	}
	return c.Render(http.StatusOK, r.String("ok"))
}

func TestRoute_MaxTimeEndsTheContext(t *testing.T) {
	before := routes
	t.Cleanup(func() { routes = before })
	left := func(c buffalo.Context) error {
		deadline, ok := c.Deadline()
		if !ok {
			return c.Render(http.StatusOK, r.String("for ever"))
		}
		return c.Render(http.StatusOK, r.String(time.Until(deadline).Round(time.Minute).String()))
	}
	routes = append(slices.Clone(routes), get("/hour", public, left, maxTime(time.Hour)), get("/stream", public, left, maxTime(0)), get("/usual", public, left))
	b := newSite(t).browser()
	for path, want := range map[string]string{"/hour": "1h0m0s", "/stream": "for ever", "/usual": "0s"} {
		require.Equal(t, want, b.Get(path).Page, path)
	}
}

// timed is a ResponseWriter that counts the deadlines that are set.
type timed struct {
	*httptest.ResponseRecorder
	sets int
}

func (w *timed) SetReadDeadline(time.Time) error { w.sets++; return nil }

// A client that a guard refuses could hold its connection.
func TestRoute_MaxTimeIsForClientsThatPassTheGuards(t *testing.T) {
	before := routes
	t.Cleanup(func() { routes = before })
	done := func(c buffalo.Context) error { return c.Render(http.StatusOK, r.String("ok")) }
	own := func(c buffalo.Context) error { return done(c) }
	routes = append(slices.Clone(routes), get("/open", public, done, maxTime(0)), get("/own", user, own, maxTime(0)))
	modelstest.Empty(t)
	c := modelstest.Config()
	h := Handler(newApp(t, c), c, testLogger(t, c), nil)
	for path, sets := range map[string]int{"/open": 2, "/own": 0} {
		w, req := &timed{ResponseRecorder: httptest.NewRecorder()}, httptest.NewRequest("GET", path, nil)
		req.Host = c.Host.Host
		h.ServeHTTP(w, req)
		require.Equal(t, sets, w.sets, path)
	}
}
