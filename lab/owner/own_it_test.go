package owner_test

import (
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// effects test the running app after each section.
var effects = map[string]func(*testing.T, *app){
	"Make it yours": func(t *testing.T, a *app) {
		require.Contains(t, a.get(t, "/"), "<title>Home · Paddock</title>")
		require.Contains(t, a.get(t, "/about"), "<h1>About this app</h1>")
		require.Contains(t, a.get(t, "/status"), "<p>The server answers.</p>")
	},
	"Store data": func(t *testing.T, a *app) {
		require.Contains(t, a.get(t, "/"), "<dt>Name</dt><dd></dd>", "empty for older accounts")
		require.Contains(t, a.get(t, "/name"), `name="name" type="text" value=""`)
		status, page := a.post(t, "/name", url.Values{"_method": {"PUT"}, "name": {""}})
		require.Equal(t, http.StatusUnprocessableEntity, status)
		require.Contains(t, page, "Say a name of at most 100 characters.")
		status, page = a.post(t, "/name", url.Values{"_method": {"PUT"}, "name": {"Countess"}})
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, page, "<dt>Name</dt><dd>Countess</dd>")
	},
	"Generate code": func(t *testing.T, a *app) {
		for _, path := range []string{"/tips/index", "/notes", "/notes/new"} {
			res, err := http.Get(a.url + path)
			require.NoError(t, err)
			res.Body.Close()
			require.Equal(t, "/login", res.Request.URL.Path, "%s is for logged-in users", path)
		}
		require.Contains(t, a.get(t, "/tips/index"), "<h1>Tips#Index</h1>")
		status, page := a.post(t, "/notes", url.Values{"Title": {"Milk"}, "Body": {"Two bottles"}})
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, page, "Note was successfully created.")
		require.Contains(t, a.get(t, "/notes"), "Milk")
		note := regexp.MustCompile(`action="(/notes/[0-9a-f-]{36}/?)"`).FindStringSubmatch(page)
		require.NotNil(t, note, page)
		status, page = a.post(t, note[1], url.Values{"_method": {"DELETE"}})
		require.Equal(t, http.StatusOK, status)
		require.NotContains(t, page, "Milk")
	},
	"Take out": func(t *testing.T, a *app) {
		home := a.get(t, "/")
		for _, path := range []string{"/account/activity", "/account/sessions"} {
			require.NotContains(t, home, path)
			status, _ := a.send(t, "GET", path, nil)
			require.Equal(t, http.StatusNotFound, status)
		}
		require.Contains(t, home, `<option value="de" lang="de">`)
		require.NotContains(t, home, `<option value="ja"`)
	},
}
