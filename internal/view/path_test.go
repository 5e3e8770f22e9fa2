package view

import (
	"html/template"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gobuffalo/buffalo"
	"github.com/stretchr/testify/require"
)

// pageOf returns a page that an app renders.
func pageOf(t *testing.T, app *buffalo.App, path string) string {
	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	return w.Body.String()
}

func TestEngine_PathsOfRoutes(t *testing.T) {
	e := New(Options{OnFallback: func(string) { t.Error("not compiled") }, Templates: templatesOf(
		"show.html", `<%= rootPath() %> <%= loginPath() %> <%= adminUsersPath() %> <%= loginPath({next: "/a"}) %>`)})
	show := func(c buffalo.Context) error { return c.Render(http.StatusOK, e.HTML("show.html")) }
	newApp := func(login string) *buffalo.App {
		app := buffalo.New(buffalo.Options{Env: "test"})
		app.GET("/", show)
		app.GET("/other", show).Name("login")
		app.GET(login, show).Name("login") // of routes with the same name, Buffalo uses the last
		app.Group("/admin").GET("/users", show)
		return app
	}
	one, two := newApp("/login"), newApp("/enter")
	for range 2 {
		require.Equal(t, "/ /login /admin/users /login?next=%2Fa", pageOf(t, one, "/"))
		require.Equal(t, "/ /login /admin/users /login?next=%2Fa", pageOf(t, one, "/admin/users/"))
		require.Equal(t, "/ /enter /admin/users /enter?next=%2Fa", pageOf(t, two, "/"))
	}
}

// Buffalo's slash would be in current_path only.
func TestEngine_CurrentPath(t *testing.T) {
	const source = `<%= current_path %> <%= if (current_path == usersPath()) { %>users<% } else if (current_path == rootPath()) { %>root<% } %>`
	e := New(Options{Templates: templatesOf("compiled.html", source, "plush.html", `<% let left_to_plush = 1 %>`+source, "partial.html", `<%= partial("path") %>`, "_path.html", source)})
	app := buffalo.New(buffalo.Options{Env: "test"})
	show := func(c buffalo.Context) error {
		if name := c.Param("by"); name != "buffalo" {
			return c.Render(http.StatusOK, e.HTML(name))
		}
		return c.Render(http.StatusOK, e.Template("text/html", "compiled.html"))
	}
	app.GET("/", show)
	app.GET("/users", show)
	for _, by := range []string{"compiled", "plush", "partial", "buffalo"} {
		require.Equal(t, "/ root", pageOf(t, app, "/?by="+by), by)
		require.Equal(t, "/users users", pageOf(t, app, "/users/?by="+by), by)
	}
}

// A page's data may replace a path helper.
func TestEngine_PathHelperOfAPage(t *testing.T) {
	e := New(Options{Templates: templatesOf("show.html", `<%= loginPath() %>`)})
	app := buffalo.New(buffalo.Options{Env: "test"})
	calls := 0
	app.GET("/own", func(c buffalo.Context) error {
		c.Set("loginPath", buffalo.RouteHelperFunc(func(map[string]any) (template.HTML, error) {
			calls++
			return "/own/", nil
		}))
		return c.Render(http.StatusOK, e.HTML("show.html"))
	})
	app.GET("/text", func(c buffalo.Context) error {
		c.Set("loginPath", func() string { return "/text" })
		return c.Render(http.StatusOK, e.HTML("show.html"))
	})
	app.GET("/login", func(c buffalo.Context) error { return c.Render(http.StatusOK, e.HTML("show.html")) })
	for n := range 2 {
		require.Equal(t, "/login", pageOf(t, app, "/login"))
		require.Equal(t, "/own", pageOf(t, app, "/own"))
		require.Equal(t, n+1, calls)
		require.Equal(t, "/text", pageOf(t, app, "/text"))
	}
}
