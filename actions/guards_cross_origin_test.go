package actions_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/actions"
	"corral/models"
	"corral/models/modelstest"
)

// unsafeRoutes are those that may change something, with their placeholders filled.
func unsafeRoutes() (methods, paths []string) {
	for _, r := range actions.Routes() {
		if r.Method != http.MethodGet {
			methods = append(methods, r.Method)
			paths = append(paths, strings.NewReplacer("{token}", "x", "{id}", "6ba7b810-9dad-11d1-80b4-00c04fd430c8").Replace(r.Path))
		}
	}
	return methods, paths
}

// No other site's page changes anything here, whatever the route and whoever
// is signed in. Nobody who adds a route has to think of it.
func TestGuards_UnsafeRoutesRefuseCrossOrigin(t *testing.T) {
	s := newSite(t)
	ada := modelstest.SignUp(t, "ada@example.com")
	signedIn, other := s.signedIn("ada@example.com", firefox), s.signedIn("ada@example.com", safari)
	form := url.Values{"email": {"eve@example.com"}, "password": {modelstest.Password}, "current_password": {modelstest.Password}}
	methods, paths := unsafeRoutes()
	require.NotEmpty(t, methods)
	for _, b := range []*browser{signedIn, s.browser()} {
		for _, header := range []http.Header{
			{"Sec-Fetch-Site": {"cross-site"}},
			{"Sec-Fetch-Site": {"same-site"}, "Origin": {"https://evil.127.0.0.1.example"}},
			{"Origin": {"https://evil.example"}}, // a browser without Sec-Fetch-Site
			{"Origin": {"null"}},
		} {
			b.header = header
			for i, method := range methods {
				require.Equal(t, 403, b.send(method, paths[i], form).StatusCode, "%s %s, %v", method, paths[i], header)
				overridden := url.Values{"_method": {method}}
				for key, values := range form {
					overridden[key] = values
				}
				require.Equal(t, 403, b.post(paths[i], overridden).StatusCode, "POST %s as %s, %v", paths[i], method, header)
			}
		}
	}

	signedIn.header = http.Header{"Sec-Fetch-Site": {"same-origin"}}
	for _, b := range []*browser{signedIn, other} {
		require.Equal(t, 200, b.get("/").StatusCode, "nobody was logged out")
	}
	_, err := models.FindUserByEmail(t.Context(), ada.Email)
	require.NoError(t, err)
	require.Empty(t, modelstest.Mails(t, "eve@example.com"))
	for i, method := range methods {
		require.NotEqual(t, 403, signedIn.send(method, paths[i], url.Values{}).StatusCode, "%s %s works from here", method, paths[i])
	}
}
