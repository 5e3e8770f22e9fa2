package actions

import (
	"net/http"
	"strings"

	"github.com/gobuffalo/buffalo"

	"corral/actions/edge"
)

// guard says who may use a route.
type guard string

const (
	public guard = "public" // anyone
	guest  guard = "guest"  // a person who is signed in is sent home
	user   guard = "user"   // anybody else is sent to the login page
)

// route is a line of the table in app.go.
type route struct {
	method  string
	path    string
	guard   guard
	handler buffalo.Handler
}

func (r route) addTo(app *buffalo.App) {
	add := map[string]func(string, buffalo.Handler) *buffalo.RouteInfo{
		"GET": app.GET, "POST": app.POST, "PUT": app.PUT, "PATCH": app.PATCH, "DELETE": app.DELETE,
	}
	add[r.method](r.path, r.handler)
}

// guardOf returns the guard of a route, user when none is declared.
func guardOf(method, path string) (g guard, declared bool) {
	for _, r := range routes {
		if r.method == method && r.path == trimSlash(path) {
			return r.guard, true
		}
	}
	if strings.HasPrefix(path, "/dev/") {
		return public, true // only in development is there such a route
	}
	return user, false
}

// trimSlash undoes the slash that Buffalo adds to every path.
func trimSlash(path string) string {
	if path == "/" {
		return path
	}
	return strings.TrimSuffix(path, "/")
}

// noteRoute tells the log which route a request took.
func noteRoute(next buffalo.Handler) buffalo.Handler {
	return func(c buffalo.Context) error {
		edge.From(c).Route = trimSlash(currentRoute(c).Path)
		return next(c)
	}
}

func currentRoute(c buffalo.Context) buffalo.RouteInfo {
	info, _ := c.Value("current_route").(buffalo.RouteInfo)
	return info
}

// Authorize lets a request through to its handler when the route's guard does.
func Authorize(next buffalo.Handler) buffalo.Handler {
	return func(c buffalo.Context) error {
		info := currentRoute(c)
		g, _ := guardOf(info.Method, info.Path)
		switch signedIn := currentSession(c) != nil; {
		case g == user && !signedIn:
			edge.From(c).Event("guard refused")
			return askToLogin(c)
		case g == guest && signedIn:
			return redirect(c, "/")
		}
		return next(c)
	}
}

// askToLogin sends an anonymous person to the login page and remembers a page,
// but never a change, that was asked for.
func askToLogin(c buffalo.Context) error {
	if wantsJSON(c.Request()) {
		return c.Error(http.StatusUnauthorized, errSignedOut)
	}
	if c.Request().Method == http.MethodGet {
		rememberPlace(c)
	}
	c.Flash().Set("warning", []string{"login.needed"}) // once, however many tabs ask: a cookie has an end
	return redirect(c, "/login")
}

// redirect answers with 302 to a page that was asked for, 303 after a form.
// The path is an argument, for Buffalo reads its second parameter as a format
// and as the name of a route helper.
func redirect(c buffalo.Context, path string) error {
	status := http.StatusSeeOther
	if c.Request().Method == http.MethodGet {
		status = http.StatusFound
	}
	return c.Redirect(status, "%s", path)
}

// Route is what Routes tells of a route.
type Route struct{ Method, Path, Guard, Handler string }

// Routes lists the routes of the app with their guards.
func Routes() []Route {
	var list []Route
	for _, info := range App().Routes() {
		g, declared := guardOf(info.Method, info.Path)
		if !declared {
			g += " (not declared)"
		}
		list = append(list, Route{info.Method, trimSlash(info.Path), string(g), info.HandlerName})
	}
	return list
}
