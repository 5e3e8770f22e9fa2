// Package route describes the routes of an app in one table. Each route has a guard and
// limits:
//
//	var (
//		public = route.Guard{Name: "public", MaxBody: 64 << 10}
//		user   = route.Guard{Name: "user", MaxBody: 1 << 20}
//	)
//
//	var routes = route.Table{
//		route.Get("/photos", public, PhotosIndex),
//		route.Post("/photos", user, PhotosCreate, route.MaxBody(20<<20)),
//	}
//
// A middleware of the app finds the guard by Table.Of, and enforces it.
// Table.MaxBody and Table.MaxTime are functions for web.Options.
package route

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/gobuffalo/buffalo"
	"github.com/gorilla/mux"

	"corral/internal/web"
)

// Guard says who may use a route.
type Guard struct {
	Name    string
	MaxBody int64 // bytes; for routes without their own limit
}

// Route is a line of the table.
type Route struct {
	Method, Path string
	Guard        Guard
	Handler      buffalo.Handler
	Mark         string // for the app, or ""

	maxBody int64
	maxTime *time.Duration
	pattern *mux.Route // nil if each placeholder is a whole part of the path
}

// Option is a mark, or a limit that differs from the default.
type Option func(*Route)

// Mark sets the mark of a route, which a middleware of the app may look up by Table.Of.
func Mark(mark string) Option { return func(r *Route) { r.Mark = mark } }

// MaxBody limits the request body, in bytes.
func MaxBody(bytes int64) Option { return func(r *Route) { r.maxBody = bytes } }

// MaxTime limits the duration of a request. 0 means no limit, for streams.
func MaxTime(d time.Duration) Option { return func(r *Route) { r.maxTime = &d } }

func Get(path string, g Guard, h buffalo.Handler, options ...Option) Route {
	return New("GET", path, g, h, options...)
}

func Post(path string, g Guard, h buffalo.Handler, options ...Option) Route {
	return New("POST", path, g, h, options...)
}

func Put(path string, g Guard, h buffalo.Handler, options ...Option) Route {
	return New("PUT", path, g, h, options...)
}

func Delete(path string, g Guard, h buffalo.Handler, options ...Option) Route {
	return New("DELETE", path, g, h, options...)
}

// New returns a route for the given method.
func New(method, path string, g Guard, h buffalo.Handler, options ...Option) Route {
	r := Route{Method: method, Path: web.TrimSlash(path), Guard: g, Handler: h, maxBody: g.MaxBody}
	if conditional.MatchString(path) {
		r.pattern = mux.NewRouter().Path(r.Path)
	}
	for _, set := range options {
		set(&r)
	}
	return r
}

// AddTo adds the route to app, or returns an error if Buffalo has no such method or the
// route is never reached: the router tries routes in order.
func (r Route) AddTo(app *buffalo.App) (*buffalo.RouteInfo, error) {
	add, ok := map[string]func(string, buffalo.Handler) *buffalo.RouteInfo{
		"GET": app.GET, "POST": app.POST, "PUT": app.PUT, "PATCH": app.PATCH, "DELETE": app.DELETE, "OPTIONS": app.OPTIONS,
	}[r.Method]
	if !ok {
		return nil, fmt.Errorf("route %s has the unknown method %s", r.Path, r.Method)
	}
	for _, info := range app.Routes() {
		if earlier := New(info.Method, info.Path, r.Guard, nil); earlier.takesAllOf(r) {
			return nil, fmt.Errorf("route %s %s is never reached: add it before %s", r.Method, r.Path, earlier.Path)
		}
	}
	return add(r.Path, r.Handler), nil
}

// conditional finds a placeholder that does not match exactly one part, whatever it is, such as
// {path:.+}, {name}.svg or photo-{id}.
var conditional = regexp.MustCompile(`:|}[^/]|[^/]{`)

// takesAllOf does not judge a later route with an expression, which may match several parts.
func (r Route) takesAllOf(later Route) bool {
	return r.Method == later.Method && r.pattern == nil && !strings.Contains(later.Path, ":") && r.matches(later.Path)
}

func (r Route) matches(path string) bool {
	if r.pattern != nil {
		return r.pattern.Match(&http.Request{URL: &url.URL{Path: web.TrimSlash(path)}}, new(mux.RouteMatch))
	}
	path, pattern := strings.Trim(path, "/"), strings.Trim(r.Path, "/")
	if strings.Count(path, "/") != strings.Count(pattern, "/") { // before Split: a path may have thousands of slashes
		return false
	}
	parts := strings.Split(path, "/")
	for i, part := range strings.Split(pattern, "/") {
		if !strings.HasPrefix(part, "{") && part != parts[i] {
			return false
		}
	}
	return true
}

// Table is a list of routes.
type Table []Route

// Find returns the route with a method and a path, both as written in the table.
func (t Table) Find(method, path string) (Route, bool) {
	for _, r := range t {
		if r.Method == method && r.Path == path {
			return r, true
		}
	}
	return Route{}, false
}

// MaxBody returns the largest limit, in bytes, of the routes that match path, or
// web.DefaultMaxBody if none does. It looks at the path alone, because Buffalo parses forms
// before the middleware that knows the route.
func (t Table) MaxBody(path string) (most int64) {
	for _, r := range t {
		if r.matches(path) {
			most = max(most, r.maxBody)
		}
	}
	if most == 0 {
		return web.DefaultMaxBody
	}
	return most
}

// MaxTime returns the limit of the first route that matches path and has one, or
// web.DefaultMaxTime.
func (t Table) MaxTime(path string) time.Duration {
	for _, r := range t {
		if r.maxTime != nil && r.matches(path) {
			return *r.maxTime
		}
	}
	return web.DefaultMaxTime
}

// Of returns the route of a request. One that is not in the table has the guard undeclared.
func (t Table) Of(c buffalo.Context, undeclared Guard) Route {
	info, _ := c.Value("current_route").(buffalo.RouteInfo)
	method, path := info.Method, web.TrimSlash(info.Path)
	if r, ok := t.Find(method, path); ok {
		return r
	}
	return Route{Method: method, Path: path, Guard: undeclared}
}
