package actions

import (
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobuffalo/buffalo"
	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/internal/web"
	"corral/models"
	"corral/models/modelstest"
)

// needSudo change or show a credential, or delete the account.
var needSudo = []string{
	"PUT /account/password", "DELETE /account/password", "PUT /account/email", "DELETE /account",
	"POST /account/security/passkeys", "POST /account/security/passkeys/options", "PUT /account/security/passkeys/{id}",
	"DELETE /account/security/passkeys/{id}", "POST /account/security/passkeys/{id}/restore",
	"GET /account/security/providers/{provider}", "DELETE /account/security/providers/{provider}", "POST /auth/link/{token}",
	"GET /account/security/totp", "POST /account/security/totp", "DELETE /account/security/totp", "GET /account/security/totp.svg",
	"GET /account/security/recovery-codes", "POST /account/security/recovery-codes", "DELETE /account/security/links/{id}",
	"POST /account/security/links/{id}/options", "PUT /account/security/second-step",
}

func TestSudo_RefusalIsLogged(t *testing.T) {
	requireEvents(t, map[string]func(s *site){
		"guard refused": func(s *site) { s.confirmedTenMinutesAgo("ada@example.com").Delete("/account", nil) },
	})
}

// lab/process lists the routes that need no confirmation.
func TestSudo_RoutesThatChangeCredentials(t *testing.T) {
	newSite(t)
	guarded := 0
	for _, r := range app.Routes() {
		if name := r.Method + " " + web.TrimSlash(r.Path); slices.Contains(needSudo, name) {
			guarded++
			require.Equal(t, "sudo", routes.Describe(r, user), name)
		}
	}
	require.NotZero(t, guarded)
}

// sudoRoutes returns the routes that have the guard sudo. The placeholders of their paths
// are filled.
func sudoRoutes() (methods, paths []string) {
	for _, r := range app.Routes() {
		if routes.Describe(r, user) == "sudo" {
			methods = append(methods, r.Method)
			paths = append(paths, fillPath(r.Path))
		}
	}
	return methods, paths
}

// confirmedTenMinutesAgo returns a browser whose last confirmation was ten minutes ago.
func (s *site) confirmedTenMinutesAgo(email string) *browser {
	s.t.Helper()
	b := s.loggedIn(email, firefox)
	b.Get("/") // shows the flash message
	models.Clock.Move(10 * time.Minute)
	return b
}

func TestSudo_EveryRouteAsksForAConfirmation(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.confirmedTenMinutesAgo("ada@example.com")
	form := url.Values{"email": {"eve@example.com"}, "password": {newPassword}, "name": {"Eve"}, "current_password": {modelstest.Password}}
	before := rows(t)
	methods, paths := sudoRoutes()
	require.NotEmpty(t, methods)
	for i, method := range methods {
		b.Header.Set("Referer", s.URL+"/account")
		a := b.Send(method, paths[i], form)
		if method == "GET" {
			next := paths[i]
			if next == "/account/security/providers/oidc" { // the form of /sudo must not lead to a provider
				next = "/account/security"
			}
			require.Equal(t, 302, a.StatusCode, paths[i])
			require.Equal(t, "/sudo?"+url.Values{"next": {next}}.Encode(), a.Location())
		} else {
			require.Equal(t, 303, a.StatusCode, "%s %s", method, paths[i])
			require.Equal(t, "/sudo?next=%2Faccount", a.Location(), "%s %s", method, paths[i])
			require.Equal(t, []string{"Nothing was changed yet. Confirm that it is you, then fill in the form again."}, apptest.Flashes(b.Get("/sudo").Page))
		}
		for name, value := range map[string]string{"Accept": "application/json", "Sec-Fetch-Mode": "cors", "X-Requested-With": "XMLHttpRequest"} {
			script := s.browser()
			script.SetCookie(sessionCookieName, b.sessionCookie())
			script.Header.Set(name, value)
			a := script.Send(method, paths[i], form)
			require.Equal(t, 403, a.StatusCode, "%s %s, %s", method, paths[i], name)
			require.Empty(t, a.Cookies())
			if name == "Accept" {
				require.JSONEq(t, `{"type":"about:blank","title":"Forbidden","status":403,"detail":"not confirmed in the last ten minutes: confirm at /sudo"}`, a.Page)
			}
		}
	}
	require.Equal(t, before, rows(t))
}

// A login or a sign-up counts as a confirmation, which lasts for ten minutes.
func TestSudo_LastsTenMinutes(t *testing.T) {
	s := newSite(t)
	models.Clock.Stop()
	modelstest.SignUp(t, "ada@example.com")
	signedUp := s.browser()
	signedUp.signUp("dora@example.com")
	signedUp.Get("/signup/" + modelstest.Link(t, "dora@example.com", models.MailSignup))
	signedUp.choosePassword(modelstest.Password)
	confirmed := s.confirmedTenMinutesAgo("ada@example.com")
	require.Equal(t, 303, confirmed.confirm(modelstest.Password).StatusCode)
	models.Clock.Move(-10 * time.Minute) // back to the time of the sign-up
	loggedIn := s.loggedIn("ada@example.com", safari)
	change := func(b *browser) string {
		return b.Put("/account/email", url.Values{"email": {"ada@new.example"}}).LocationPath()
	}
	for _, b := range []*browser{signedUp, loggedIn} {
		models.Clock.Move(10*time.Minute - time.Second)
		require.Equal(t, "/account", change(b))
		models.Clock.Move(time.Second)
		require.Equal(t, "/sudo", change(b))
		models.Clock.Move(-10 * time.Minute)
	}
	models.Clock.Move(20*time.Minute - time.Second)
	require.Equal(t, "/account", change(confirmed))
	models.Clock.Move(time.Second)
	require.Equal(t, "/sudo", change(confirmed))
}

// After the confirmation, the form is empty: the values that were sent are not sent again.
func TestSudo_LeadsBackToAnEmptyForm(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.confirmedTenMinutesAgo("ada@example.com")
	page := b.Get("/account").Page
	require.Equal(t, 2, strings.Count(page, `<a class="btn" href="/sudo?next=/account">Confirm that it is you</a>`))
	security := b.Get("/account/security").Page
	require.Contains(t, security, `<a class="btn" href="/sudo?next=/account/security">Confirm that it is you</a>`)
	for _, part := range []string{`action="/account"`, `action="/account/email"`, `action="/account/password"`, "password-words"} {
		require.NotContains(t, page+security, part)
	}
	require.Contains(t, page, `action="/account/language"`)

	b.Header.Set("Referer", s.URL+"/account")
	asked := b.Put("/account/email", url.Values{"email": {"ada@typed.example"}})
	require.Equal(t, "/sudo?next=%2Faccount", asked.Location())
	page = b.Get(asked.Location()).Page
	require.Contains(t, page, "You are logged in as ada@example.com.")
	a := b.Post("/sudo", url.Values{"password": {modelstest.Password}, "next": {next(page)}})
	require.Equal(t, 303, a.StatusCode)
	require.Equal(t, "/account", a.Location())
	page = b.Get("/account").Page
	require.Contains(t, page, `action="/account/email"`)
	require.NotContains(t, page, "typed.example")
	require.Empty(t, modelstest.Mails(t, "ada@typed.example"))
	require.Equal(t, "/account", b.Put("/account/email", url.Values{"email": {"ada@new.example"}}).Location())
	require.Equal(t, "/account", b.Put("/account/password", url.Values{"password": {newPassword}}).Location())
	require.Equal(t, "/welcome", b.Delete("/account", nil).Location())
}

func TestSudo_LeadsToAResetAndBack(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	page := s.confirmedTenMinutesAgo("ada@example.com").Get("/sudo?next=/account/security").Page
	require.Contains(t, page, `<a href="/password/forgot?next=%2Faccount%2Fsecurity">Forgot your password?</a>`)
}

func TestSudo_LeadsToOwnPagesOnly(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	for given, want := range map[string]string{
		"": "/account", "/account/sessions?a=1": "/account/sessions?a=1", "//evil.example": "/account", "https://evil.example": "/account",
		"/sudo": "/account", "/sudo?next=/sudo": "/account", "/sudo?next=/account/sessions": "/account/sessions",
		"/sudo?next=//evil.example": "/account", "/login": "/account", "/logout": "/account", "/?a=%25s": "/?a=%25s",
	} {
		page := b.Get("/sudo?" + url.Values{"next": {given}}.Encode()).Page
		require.NotContains(t, page, "evil.example")
		for _, sent := range []string{given, next(page)} {
			a := b.Post("/sudo", url.Values{"password": {modelstest.Password}, "next": {sent}})
			require.Equal(t, want, a.Location(), given)
		}
	}
}

func TestSudo_WrongPassword(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.confirmedTenMinutesAgo("ada@example.com")
	for _, wrong := range []url.Values{{"password": {"wrong"}}, {"password": {""}}, {}, {"password": {modelstest.Password + " "}}} {
		wrong.Set("next", "/account/sessions")
		a := b.Post("/sudo", wrong)
		require.Equal(t, 422, a.StatusCode)
		require.Contains(t, a.Page, `aria-describedby="password-error"`)
		require.Contains(t, a.Page, `id="password-error" role="alert">That is not your current password.`)
		require.Equal(t, "/account/sessions", next(a.Page))
	}
	require.Equal(t, "/sudo", b.Delete("/account", nil).LocationPath())
	require.Equal(t, "/account", b.confirm(modelstest.Password).Location())
}

func TestSudo_AnonymousIsAskedToLogIn(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	for _, page := range []string{"/sudo", "/logout"} {
		a := b.Get(page)
		require.Equal(t, "/login?next="+url.QueryEscape(page), a.Location())
		require.Empty(t, next(b.Get(a.Location()).Page))
	}
	require.Equal(t, "/login?next=%2Faccount", b.Get("/sudo?next=/account").Location())
	require.Equal(t, "/login", b.confirm(modelstest.Password).Location())
	require.Equal(t, "/login", b.Delete("/account", nil).Location())
}

// Nine wrong passwords do not wait, and the tenth ends the session. They count at /login, too: an
// attacker at an open session must not get additional attempts.
func TestSudo_IsRateLimited(t *testing.T) {
	s := newSite(t)
	models.Clock.Stop()
	modelstest.SignUp(t, "ada@example.com")
	for _, known := range []bool{false, true} {
		b := s.loggedIn("ada@example.com", firefox)
		if !known {
			b.SetCookie("corral-device", "")
		}
		for range 9 {
			require.Equal(t, 422, b.confirm("wrong").StatusCode)
		}
		require.Equal(t, "/login", b.confirm("wrong").Location())
		login := func(password string) apptest.Response {
			return b.Post("/login", url.Values{"email": {"ada@example.com"}, "password": {password}})
		}
		if known {
			require.Equal(t, 422, login("wrong").StatusCode)
			require.Equal(t, "64", login(modelstest.Password).Header.Get("Retry-After"), "eleven failures")
		} else {
			require.Equal(t, 429, login(modelstest.Password).StatusCode, "the client's ten failures")
			models.Clock.Move(3 * time.Minute)
		}
	}
}

// The tenth wrong password in a row ends this session, but no other.
func TestSudo_TenWrongPasswordsEndTheSession(t *testing.T) {
	s := newSite(t)
	models.Clock.Stop()
	ada := modelstest.SignUp(t, "ada@example.com")
	other := s.loggedIn("ada@example.com", safari, "remember")
	for _, accept := range []string{"text/html", "application/json"} {
		b, copied := s.loggedIn("ada@example.com", firefox), s.browser()
		wrong := func(want int) apptest.Response {
			t.Helper()
			models.Clock.Move(time.Minute) // the rate limits end
			a := b.confirm("wrong")
			require.Equal(t, want, a.StatusCode)
			return a
		}
		for range 9 {
			wrong(422)
		}
		models.Clock.Move(10 * time.Minute) // the rate limits end
		require.Equal(t, 303, b.confirm(modelstest.Password).StatusCode, "a right password starts the count anew")
		for range 9 {
			wrong(422)
		}
		copied.SetCookie(sessionCookieName, b.sessionCookie())
		require.Equal(t, 200, copied.Get("/").StatusCode)
		b.Header.Set("Accept", accept)
		if accept == "application/json" {
			require.Empty(t, wrong(401).Location())
		} else {
			a := wrong(303)
			require.Equal(t, "/login", a.Location())
			require.Equal(t, `"storage"`, a.Header.Get("Clear-Site-Data"))
			require.Equal(t, []string{"The confirmation failed 10 times in a row, so you were logged out. Log in again to continue."}, apptest.Flashes(b.Get("/login").Page))
		}
		b.Header.Del("Accept")
		require.Equal(t, "/login", b.Get("/").LocationPath())
		require.Equal(t, "/login", copied.Get("/").LocationPath())
	}
	require.Equal(t, 200, other.Get("/").StatusCode)
	list, err := models.ActivityOf(t.Context(), ada, uuid.Nil, 100)
	require.NoError(t, err)
	require.True(t, slices.ContainsFunc(list, func(a models.Activity) bool { return a.Kind == models.ActivityUnconfirmed }))
}

// A confirmation replaces the session token, so that a stolen cookie is not confirmed.
func TestSudo_RenewsTheToken(t *testing.T) {
	s := newSite(t)
	models.Clock.Stop()
	modelstest.SignUp(t, "ada@example.com")
	for _, fields := range [][]string{{}, {"remember"}} {
		b, copied := s.loggedIn("ada@example.com", firefox, fields...), s.browser()
		copied.SetCookie(sessionCookieName, b.sessionCookie())
		require.Equal(t, 200, copied.Get("/").StatusCode)
		a := b.confirm(modelstest.Password)
		require.Equal(t, 200, b.Get("/").StatusCode)
		require.Equal(t, "/login", copied.Get("/account").LocationPath())
		if len(fields) > 0 {
			require.Equal(t, 30*24*3600, cookieNamed(t, a, sessionCookieName).MaxAge, "remembered as before")
		}
	}
	n, err := models.DB.Count("sessions")
	require.NoError(t, err)
	require.Equal(t, 2, n, "no session was added")
}

// The form of another tab works after a confirmation.
func TestSudo_TwoTabs(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.confirmedTenMinutesAgo("ada@example.com")
	one, other := b.Get("/sudo?next=/account/sessions").Page, b.Get("/sudo?next=/account").Page
	for _, page := range []string{one, other} {
		a := b.Post("/sudo", url.Values{"password": {modelstest.Password}, "next": {next(page)}})
		require.Equal(t, next(page), a.Location())
		require.Equal(t, "/account", b.Put("/account/email", url.Values{"email": {"ada@new.example"}}).Location())
	}
}

// Two tabs send the form at the same time. The browser's cookie must work, in whichever order
// the answers arrive.
func TestSudo_TwoTabsAtOnce(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	for range 5 {
		b := s.confirmedTenMinutesAgo("ada@example.com")
		tabs := []*browser{s.browser(), s.browser()}
		answers := make([]apptest.Response, len(tabs))
		var done sync.WaitGroup
		for i, tab := range tabs {
			tab.SetCookie(sessionCookieName, b.sessionCookie())
			done.Go(func() { answers[i] = tab.confirm(modelstest.Password) })
		}
		done.Wait()
		renewed := 0
		for i, a := range answers {
			if a.LocationPath() == "/login" { // the first request ended before the second began
				continue
			}
			require.Equal(t, "/account", a.Location())
			if len(a.Cookies()) > 0 {
				renewed++
				require.Equal(t, "/account", tabs[i].Put("/account/email", url.Values{"email": {"ada@new.example"}}).Location())
			}
		}
		require.Equal(t, 1, renewed)
		models.Clock.Move(time.Hour) // the rate limits end
	}
}

func TestSudo_IsForOneSession(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	modelstest.SignUp(t, "bob@example.com")
	others := []*browser{s.loggedIn("ada@example.com", safari), s.loggedIn("bob@example.com", firefox)}
	b := s.confirmedTenMinutesAgo("ada@example.com")
	require.Equal(t, "/account", b.confirm(modelstest.Password).Location())
	for _, other := range others {
		require.Equal(t, "/sudo", other.Delete("/account", nil).LocationPath())
	}
	require.Equal(t, "/welcome", b.Delete("/account", nil).Location())
}

// A new password does not prolong the confirmation.
func TestSudo_PasswordChangeDoesNotConfirm(t *testing.T) {
	s := newSite(t)
	models.Clock.Stop()
	modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	models.Clock.Move(9 * time.Minute)
	require.Equal(t, "/account", b.Put("/account/password", url.Values{"password": {newPassword}}).Location())
	require.Equal(t, "/account", b.Put("/account/email", url.Values{"email": {"ada@new.example"}}).Location())
	models.Clock.Move(time.Minute)
	require.Equal(t, "/sudo", b.Put("/account/password", url.Values{"password": {modelstest.Password}}).LocationPath())
}

// endSessionsAt makes requests to a path end the account's sessions between the guards and
// the handler.
func endSessionsAt(t *testing.T, path string, user *models.User) {
	app.Use(func(next buffalo.Handler) buffalo.Handler {
		return func(c buffalo.Context) error {
			if c.Request().URL.Path == path+"/" || c.Request().URL.Path == path {
				_, err := models.EndSessionsOf(c, user)
				require.NoError(t, err)
			}
			return next(c)
		}
	})
}

// The session ends between the guard and the change.
func TestSudo_SessionEndedMeanwhile(t *testing.T) {
	s := newSite(t)
	ada := modelstest.SignUp(t, "ada@example.com")
	for path, form := range map[string]url.Values{
		"/account/password": {"_method": {"PUT"}, "password": {newPassword}}, "/account": {"_method": {"DELETE"}},
		"/account/email": {"_method": {"PUT"}, "email": {"ada@new.example"}}, "/sudo": {"password": {modelstest.Password}},
	} {
		b := s.loggedIn("ada@example.com", firefox)
		b.Get("/") // shows the flash message
		before := rows(t)
		endSessionsAt(t, path, ada)
		a := b.Post(path, form)
		require.Equal(t, 303, a.StatusCode, path)
		require.Equal(t, "/login", a.LocationPath(), path)
		require.Equal(t, []string{"Your session has ended. You need to login first."}, apptest.Flashes(b.Get("/login").Page), path)
		require.Equal(t, before, rows(t), path)
	}
	require.Equal(t, 401, s.loggedIn("ada@example.com", firefox).SendJSON("DELETE", "/account", "{}").StatusCode)
}
