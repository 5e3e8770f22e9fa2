package actions_test

import (
	"net/http"
	"testing"

	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/events"
	"github.com/stretchr/testify/require"

	"corral/actions"
)

// newLean is an app of two routes; the second does as it is told.
func newLean(do buffalo.Handler) *buffalo.App {
	app := buffalo.New(buffalo.Options{Env: "test"})
	app.Middleware.Clear()
	app.GET("/widgets/{widget_id}", func(c buffalo.Context) error { return nil })
	app.GET("/do", do)
	actions.Lean(app)
	return app
}

// What Buffalo puts into every context is found all the same.
func TestLean_PathHelpers(t *testing.T) {
	app := newLean(func(c buffalo.Context) error {
		return c.Redirect(http.StatusFound, "widgetPath()", map[string]any{"widget_id": 7})
	})
	w := serve(app, get("/do"))
	require.Equal(t, 302, w.Code)
	require.Equal(t, "/widgets/7/", w.Header().Get("Location"))
}

func TestLean_ContextKnowsTheApp(t *testing.T) {
	var app *buffalo.App
	app = newLean(func(c buffalo.Context) error {
		require.Same(t, app, c.Value("app"))
		require.Len(t, c.Value("routes"), 2)
		require.Equal(t, "/do/", c.Value("current_route").(buffalo.RouteInfo).Path)
		require.Nil(t, c.Value("nopePath"))
		require.NotContains(t, c.Data(), "widgetPath", "nothing is copied into every page")
		return c.Error(http.StatusTeapot, http.ErrAbortHandler)
	})
	app.ErrorHandlers[http.StatusTeapot] = func(status int, _ error, c buffalo.Context) error {
		c.Response().WriteHeader(status)
		return nil
	}
	require.Equal(t, 418, serve(app, get("/do")).Code, "error handlers are the app's")
}

// Middleware that is added later is run, and a route that is added later answers.
func TestLean_LaterMiddlewareAndRoutes(t *testing.T) {
	app := newLean(func(c buffalo.Context) error { return nil })
	app.Use(func(next buffalo.Handler) buffalo.Handler {
		return func(c buffalo.Context) error {
			c.Response().Header().Set("X-Later", "yes")
			return next(c)
		}
	})
	app.GET("/later", func(c buffalo.Context) error { return c.Redirect(302, "doPath()") })
	for path, location := range map[string]string{"/do": "", "/later": "/do/"} {
		w := serve(app, get(path))
		require.Equal(t, "yes", w.Header().Get("X-Later"))
		require.Equal(t, location, w.Header().Get("Location"))
	}
}

// Who listens hears of every request.
func TestLean_EventsAreHeard(t *testing.T) {
	heard := make(chan string, 100)
	stop, err := events.NamedListen("lean test", func(e events.Event) { heard <- e.Kind })
	require.NoError(t, err)
	defer stop()
	serve(newLean(func(c buffalo.Context) error { return nil }), get("/do"))
	for kind := range heard {
		if kind == buffalo.EvtRouteFinished {
			return
		}
	}
}

func get(path string) *http.Request {
	r, _ := http.NewRequest("GET", path, nil) // the path is a constant
	return r
}
