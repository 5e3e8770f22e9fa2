package actions

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/models"
	"corral/models/modelstest"
)

// unsafeRoutes returns the routes that may change something. The placeholders of their
// paths are filled. It leaves out those that crossOrigin opens.
func unsafeRoutes() (methods, paths []string) {
	for _, r := range app.Routes() {
		if r.Method != http.MethodGet && r.Method != http.MethodOptions && (crossOrigin == nil || !crossOrigin(fillPath(r.Path))) {
			methods = append(methods, r.Method)
			paths = append(paths, fillPath(r.Path))
		}
	}
	return methods, paths
}

// Prevents cross-site request forgery, also on routes that are added later.
func TestCrossOrigin_UnsafeRoutesRefuse(t *testing.T) {
	log := captureLog(t)
	s := newSite(t)
	ada := modelstest.SignUp(t, "ada@example.com")
	loggedIn, other := s.loggedIn("ada@example.com", firefox), s.loggedIn("ada@example.com", safari)
	form := url.Values{"email": {"eve@example.com"}, "password": {modelstest.Password}}
	methods, paths := unsafeRoutes()
	require.NotEmpty(t, methods)
	refused := 0
	for _, b := range []*browser{loggedIn, s.browser()} {
		for _, header := range []http.Header{
			{"Sec-Fetch-Site": {"cross-site"}},
			{"Sec-Fetch-Site": {"same-site"}, "Origin": {"https://evil.127.0.0.1.example"}},
			{"Origin": {"https://evil.example"}}, // as from a browser without Sec-Fetch-Site
			{"Origin": {"null"}},
		} {
			b.Header = header
			for i, method := range methods {
				require.Equal(t, 403, b.Send(method, paths[i], form).StatusCode, "%s %s, %v", method, paths[i], header)
				refused += 2
				overridden := url.Values{"_method": {method}}
				maps.Copy(overridden, form)
				require.Equal(t, 403, b.Post(paths[i], overridden).StatusCode, "POST %s as %s, %v", paths[i], method, header)
			}
		}
	}

	loggedIn.Header = http.Header{"Sec-Fetch-Site": {"same-origin"}}
	for _, b := range []*browser{loggedIn, other} {
		require.Equal(t, 200, b.Get("/").StatusCode, "nobody was logged out")
	}
	_, err := models.FindUserByEmail(t.Context(), ada.Email)
	require.NoError(t, err)
	require.Empty(t, modelstest.Mails(t, "eve@example.com"))
	for i, method := range methods {
		loggedIn.Send(method, paths[i], url.Values{})
	}
	s.Close()
	require.Equal(t, refused, strings.Count(log.String(), "cross-origin refused"), "pages of this app are not refused")
}

// A developer may open a path.
func TestCrossOrigin_OwnerOpensAPath(t *testing.T) {
	before := crossOrigin
	t.Cleanup(func() { crossOrigin = before })
	crossOrigin = func(path string) bool { return path == "/language" }
	b := newSite(t).browser()
	b.Header.Set("Sec-Fetch-Site", "cross-site")
	require.Equal(t, 303, b.Put("/language", url.Values{"language": {"de"}}).StatusCode)
	require.Equal(t, 403, b.Post("/login", nil).StatusCode)
	_, paths := unsafeRoutes()
	require.NotContains(t, paths, "/language")
}

func TestCrossOrigin_OtherOriginsReadNothing(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	for _, origin := range []string{"https://evil.example", "null", "http://127.0.0.1"} {
		b.Header.Set("Origin", origin)
		for _, path := range []string{"/", "/welcome", "/healthz", "/nothing", "/robots.txt"} {
			for name := range b.Get(path).Header {
				require.False(t, strings.HasPrefix(name, "Access-Control-"), "%s: %s", path, name)
			}
		}
		require.Equal(t, 405, b.Send("OPTIONS", "/account", nil).StatusCode)
	}
	b.Header.Del("Origin")
	require.NotContains(t, b.Get("/?callback=steal").Page, "steal(")
	require.Equal(t, b.Get("/healthz").Page, b.Get("/healthz?callback=steal").Page)
}

func countRows(t *testing.T) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for _, table := range []string{
		"users", "sessions", "tokens", "rate_limits", "device_cookies", "mails", "activities", "changes",
		"factors", "recovery_codes", "undo_parts", "used_challenges", "identities",
	} {
		n, err := models.DB.Count(table)
		require.NoError(t, err)
		counts[table] = n
	}
	redeemed, err := models.DB.Where("redeemed = ?", true).Count(&models.Token{})
	require.NoError(t, err)
	counts["redeemed tokens"] = redeemed
	return counts
}

// Prevents changes, logins and logouts by mail scanners, link previews and
// images.
func TestCrossOrigin_SafeMethodsChangeNothing(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	ada := s.loggedIn("ada@example.com", firefox)
	s.browser().signUp("dora@example.com")
	s.browser().forgot("ada@example.com")
	require.Equal(t, 303, ada.Put("/account/email", url.Values{"email": {"ada@example.net"}}).StatusCode)
	paths := []string{
		"/", "/welcome", "/login", "/logout", "/signup", "/signup/password", "/check-mail", "/password/forgot", "/password/reset",
		"/account", "/account/security", "/account/security/totp", "/account/security/totp.svg", "/account/security/recovery-codes", "/account/sessions", "/account/activity", "/sudo", "/.well-known/change-password", "/healthz", "/readyz",
		"/signup/" + modelstest.Link(t, "dora@example.com", models.MailSignup),
		"/password/reset/" + modelstest.Link(t, "ada@example.com", models.MailReset),
		"/account/email/confirm/" + modelstest.Link(t, "ada@example.net", models.MailEmailConfirm),
		"/not-me/" + modelstest.Link(t, "ada@example.com", models.MailEmailRequested),
	}
	before := countRows(t)
	for _, b := range []*browser{ada, s.browser()} {
		for _, path := range paths {
			for _, method := range []string{"GET", "HEAD", "OPTIONS"} {
				require.Less(t, b.Send(method, path, nil).StatusCode, 500, "%s %s", method, path)
				require.Less(t, b.Send(method, path+"?_method=DELETE&email=eve@example.com&password=x", nil).StatusCode, 500)
			}
		}
	}
	require.Equal(t, before, countRows(t))
	require.Equal(t, 200, ada.Get("/").StatusCode, "still logged in")
}
