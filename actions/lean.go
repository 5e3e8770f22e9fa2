package actions

import (
	"context"
	"net/http"
	"sync/atomic"

	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/events"
	"github.com/gorilla/sessions"
)

// lean has the routes of app answered by a twin of it that has none. Buffalo
// puts a helper for the path of every route of an app into the context of every
// request, from where each page copies them: with fifty routes a third of what
// a page costs. The twin shares all else, and the helpers are found where they
// are asked for: loginPath() in a template, and in c.Redirect.
func lean(app *buffalo.App) {
	twin := buffalo.New(app.Options)
	twin.Middleware, twin.ErrorHandlers = app.Middleware, app.ErrorHandlers
	twin.SessionStore = appStore{app}
	paths := map[string]any{}
	for _, route := range app.Routes() {
		route.App = twin
		paths[route.PathName] = route.BuildPathHelper()
		route.MuxRoute.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			route.ServeHTTP(w, r.WithContext(pathHelpers{r.Context(), paths}))
		}))
	}
	r.Define(paths)
	app.Use(func(next buffalo.Handler) buffalo.Handler {
		return func(c buffalo.Context) error {
			c.Set("app", app)
			c.Set("routes", app.Routes())
			return next(c)
		}
	})
}

// pathHelpers finds the path helpers of an app for c.Redirect(302, "loginPath()").
type pathHelpers struct {
	context.Context
	byName map[string]any
}

func (p pathHelpers) Value(key any) any {
	if name, ok := key.(string); ok {
		if helper, ok := p.byName[name]; ok {
			return helper
		}
	}
	return p.Context.Value(key)
}

// appStore is the session store that an app has now: Buffalo's action suite puts
// one of its own there.
type appStore struct{ app *buffalo.App }

func (s appStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return s.app.SessionStore.Get(r, name)
}

func (s appStore) New(r *http.Request, name string) (*sessions.Session, error) {
	return s.app.SessionStore.New(r, name)
}

func (s appStore) Save(r *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	return s.app.SessionStore.Save(r, w, session)
}

// Buffalo tells of every request twice, each time in a goroutine of its own,
// whether anybody listens or not.
func init() { events.SetManager(&onlyHeard{Manager: events.DefaultManager()}) }

type onlyHeard struct {
	events.Manager
	heard atomic.Bool
}

func (m *onlyHeard) Listen(name string, l events.Listener) (events.DeleteFn, error) {
	m.heard.Store(true)
	return m.Manager.Listen(name, l)
}

func (m *onlyHeard) Emit(e events.Event) error {
	if !m.heard.Load() {
		return nil
	}
	return m.Manager.Emit(e)
}
