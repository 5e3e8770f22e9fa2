package owner_test

import (
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// effects are the tests of the running app after each section.
var effects = map[string]func(*testing.T, *app){
	"Change": func(t *testing.T, a *app) {
		require.Contains(t, a.get(t, "/"), "<title>Home · Paddock</title>")
		require.Contains(t, a.get(t, "/status"), "<p>The server answers.</p>")
	},
	"Generate": func(t *testing.T, a *app) {
		for _, path := range []string{"/tips/index", "/notes", "/notes/new"} {
			res, err := http.Get(a.url + path)
			require.NoError(t, err)
			res.Body.Close()
			require.Equal(t, "/login", res.Request.URL.Path, "%s is for logged-in users", path)
		}
		require.Contains(t, a.get(t, "/tips/index"), "<h1>Tips#Index</h1>")
		status, page := a.post(t, "/notes", url.Values{"Title": {""}})
		require.Equal(t, http.StatusUnprocessableEntity, status, page)
		status, page = a.post(t, "/notes", url.Values{"Title": {"Milk"}, "Body": {"Two bottles"}})
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, page, "Note was successfully created.")
		require.Contains(t, a.get(t, "/notes"), "Milk")
		note := regexp.MustCompile(`action="(/notes/[0-9a-f-]{36}/?)"`).FindStringSubmatch(page)
		require.NotNil(t, note, page)
		status, page = a.post(t, note[1], url.Values{"_method": {"DELETE"}})
		require.Equal(t, http.StatusOK, status)
		require.NotContains(t, page, "Milk")
	},
	"Drop": func(t *testing.T, a *app) {
		for _, effect := range drops {
			effect(t, a)
		}
	},
}

// drops test the running app after each step of the section Drop.
var drops = map[string]func(*testing.T, *app){
	"Languages": func(t *testing.T, a *app) {
		home := a.get(t, "/")
		require.Contains(t, home, `<option value="de" lang="de">`)
		require.NotContains(t, home, `<option value="ja"`)
	},
	"The activity page": func(t *testing.T, a *app) { isGone(t, a, "/account/activity") },
	"The devices page":  func(t *testing.T, a *app) { isGone(t, a, "/account/sessions") },
	"Passkeys": func(t *testing.T, a *app) {
		isMissing(t, a, "/.well-known/passkey-endpoints")
		require.NotContains(t, a.get(t, "/account/security"), "/passkey")
	},
	"TOTP and recovery codes": func(t *testing.T, a *app) {
		isMissing(t, a, "/account/security/totp")
		isMissing(t, a, "/account/security/recovery-codes")
		security := a.get(t, "/account/security")
		require.NotContains(t, security, "totp")
		require.NotContains(t, security, "recovery")
	},
	"Providers": func(t *testing.T, a *app) {
		isMissing(t, a, "/auth/oidc")
		_, login := a.do(t, &http.Client{Transport: a.transport}, "GET", "/login", nil)
		require.Contains(t, login, `action="/login"`)
		require.NotContains(t, login, "/auth/")
		require.NotContains(t, a.get(t, "/account/security"), "/providers")
	},
}

func isGone(t *testing.T, a *app, path string) {
	t.Helper()
	require.NotContains(t, a.get(t, "/"), path)
	isMissing(t, a, path)
}

func isMissing(t *testing.T, a *app, path string) {
	t.Helper()
	status, _ := a.send(t, "GET", path, nil)
	require.Equal(t, http.StatusNotFound, status)
}
