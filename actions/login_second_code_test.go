package actions

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/models"
	"corral/models/modelstest"
)

// withSecondStep signs up an account whose second step is on, and returns its
// recovery codes.
func (s *site) withSecondStep(email string) (codes []string) {
	s.t.Helper()
	modelstest.SignUp(s.t, email)
	_, codes = modelstest.SetTOTP(s.t, email)
	return codes
}

func TestLoginSecond(t *testing.T) {
	s := newSite(t)
	codes := s.withSecondStep("ada@example.com")
	b := s.browser()
	a := b.logIn("ada@example.com")
	require.Equal(t, 303, a.StatusCode)
	require.Equal(t, "/login/second", a.Location())
	require.Empty(t, b.Cookie("corral-device"), "the browser is not known yet")
	require.Zero(t, count(t, "sessions"), "no session before the second step")
	b.requireLoggedOut()

	a = b.Get("/login/second")
	require.Equal(t, 200, a.StatusCode)
	require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	require.Contains(t, a.Page, "To log in as ada@example.com, pass the second step.")
	require.Contains(t, a.Page, `name="code" type="text" dir="ltr" autocomplete="one-time-code"`)
	require.NotContains(t, a.Page, "aria-invalid")
	require.Contains(t, a.Page, "Lost all of these? Ask the people who run this site.")

	a = b.secondStep(codes[0])
	require.Equal(t, 303, a.StatusCode)
	require.Equal(t, "/", a.Location())
	page := b.Get("/").Page
	require.Equal(t, []string{"You were logged in."}, apptest.Flashes(page))
	b.requireLoggedInAs("ada@example.com")
	require.NotEmpty(t, b.Cookie("corral-device"))
	session := &models.Session{}
	require.NoError(t, models.DB.First(session))
	require.True(t, session.Confirmed())
	require.True(t, session.FactorID.Valid)
	require.Equal(t, "/login", b.Get("/login/second").Location(), "the second step is over")
}

func TestLoginSecond_Refused(t *testing.T) {
	s := newSite(t)
	codes, others := s.withSecondStep("ada@example.com"), s.withSecondStep("bob@example.com")
	b := s.browser()
	b.logIn("ada@example.com")
	for _, code := range []string{"", "wrong", others[0], strings.Repeat("x", 60000), "\xff", "\x00", `"><script>alert(1)</script>`} {
		a := b.secondStep(code)
		require.Equal(t, 422, a.StatusCode, "%.20q", code)
		require.Contains(t, a.Page, `id="code-error" role="alert">That code is not valid.<`)
		require.Contains(t, a.Page, `aria-invalid="true" aria-describedby="code-error code-hint"`)
		require.Contains(t, a.Page, "<title>Error · ")
		require.NotContains(t, a.Page, "<script>alert")
		models.Clock.Move(5 * time.Second) // after five wrong codes, the account has to wait
	}
	require.Zero(t, count(t, "sessions"))
	require.Equal(t, 303, b.secondStep(codes[0]).StatusCode)
	b.logOut()
	b.logIn("ada@example.com")
	require.Equal(t, 422, b.secondStep(codes[0]).StatusCode, "a used code")
}

func TestLoginSecond_EndsAfterFiveMinutes(t *testing.T) {
	s := newSite(t)
	models.Clock.Stop()
	codes := s.withSecondStep("ada@example.com")
	b := s.browser()
	b.logIn("ada@example.com")
	models.Clock.Move(5*time.Minute - time.Second)
	require.Equal(t, 200, b.Get("/login/second").StatusCode)
	models.Clock.Move(time.Second)
	a := b.secondStep(codes[0])
	require.Equal(t, 303, a.StatusCode)
	require.Equal(t, "/login", a.Location())
	require.Equal(t, []string{"That took too long, or the account was changed meanwhile. Log in again, or open the link in your email again."}, apptest.Flashes(b.Get("/login").Page))
	require.Equal(t, "/login", b.Get("/login/second").Location())
	require.Empty(t, apptest.Flashes(b.Get("/login").Page), "said once")
	require.Equal(t, "/login/second", b.logIn("ada@example.com").Location())
	require.Equal(t, "/", b.secondStep(codes[0]).Location(), "the code was not used up")
}

// Prevents an attacker from passing a second step that was asked before the credentials changed.
func TestLoginSecond_EndsWithAChangeOfPasswordOrFactor(t *testing.T) {
	for name, change := range map[string]func(u *models.User) error{
		"password": func(u *models.User) error { return u.SetPassword(t.Context(), newPassword) },
		"deletion": func(u *models.User) error { return u.Delete(t.Context(), models.Client{}) },
		"factor":   func(*models.User) error { changeCredentials(t); return nil },
	} {
		s := newSite(t)
		codes := s.withSecondStep("ada@example.com")
		b := s.browser()
		b.logIn("ada@example.com")
		user, err := models.FindUserByEmail(t.Context(), "ada@example.com")
		require.NoError(t, err)
		require.NoError(t, change(user))
		require.Equal(t, "/login", b.secondStep(codes[0]).Location(), name)
		b.requireLoggedOut()
	}
}

func TestLoginSecond_EndsWithALoginAsAnother(t *testing.T) {
	s := newSite(t)
	codes := s.withSecondStep("ada@example.com")
	modelstest.SignUp(t, "bob@example.com")
	b := s.browser()
	b.logIn("ada@example.com")
	require.Equal(t, "/", b.logIn("bob@example.com").Location())
	require.Equal(t, "/login", b.secondStep(codes[0]).Location())
	b.requireLoggedIn("bob@example.com")
	b.logIn("ada@example.com")
	b.logOut()
	require.Equal(t, "/login", b.secondStep(codes[0]).Location(), "a logout ends a pending login, too")
}

// The form may be sent from a tab that was open before another user logged in.
func TestLoginSecond_WhileLoggedInAsAnother(t *testing.T) {
	s := newSite(t)
	codes := s.withSecondStep("ada@example.com")
	modelstest.SignUp(t, "bob@example.com")
	b := s.loggedIn("bob@example.com", firefox)
	require.Equal(t, "/login/second", b.logIn("ada@example.com").Location())
	b.requireLoggedIn("bob@example.com")
	require.Equal(t, 422, b.secondStep("wrong").StatusCode)
	b.requireLoggedIn("bob@example.com")
	copied := s.browser()
	copied.SetCookie(sessionCookieName, b.sessionCookie())
	require.Equal(t, "/", b.secondStep(codes[0]).Location())
	b.requireLoggedIn("ada@example.com")
	copied.requireLoggedOut()
}

// Prevents an attacker's page, which may open the attacker's reset link, from getting the
// user's code counted for the attacker's account.
func TestLoginSecond_FormOfAnotherLoginIsRefused(t *testing.T) {
	s := newSite(t)
	codes := s.withSecondStep("ada@example.com")
	s.withSecondStep("eve@example.com")
	b := s.browser()
	b.logIn("ada@example.com")
	form := url.Values{"code": {codes[0]}, "link": {b.secondStepDigest()}}
	b.openReset("eve@example.com")
	require.Equal(t, "/login/second", b.Get("/password/reset").Location())
	before := rows(t)
	a := b.Post("/login/second", form)
	require.Equal(t, 422, a.StatusCode)
	require.Contains(t, a.Page, "Since this form was shown, a link was opened in this browser, or somebody logged in or out.")
	require.NotContains(t, a.Page, "eve@example.com")
	require.Equal(t, before, rows(t))
	require.NotContains(t, kindsOf(t, "eve@example.com"), models.ActivityCodeFailed)
	require.Contains(t, b.Get("/login/second").Page, "To set a new password for eve@example.com", "nothing changes")

	b.openReset("ada@example.com")
	require.Equal(t, "/login/second", b.Get("/password/reset").Location())
	require.Equal(t, 422, b.Post("/login/second", form).StatusCode, "a login is no reset")
	b.logIn("ada@example.com")
	require.Equal(t, "/", b.Post("/login/second", form).Location(), "the form is good for another login to the account")
}

func TestLoginSecond_KeepsRememberAndNext(t *testing.T) {
	s := newSite(t)
	codes := s.withSecondStep("ada@example.com")
	ampersands, quotes := "/account?"+strings.Repeat("&", 390), "/account?"+strings.Repeat(`"`, 390)
	for next, want := range map[string]string{
		"/account/sessions?a=b":        "/account/sessions?a=b",
		ampersands:                     ampersands,
		quotes:                         quotes,
		"//evil.example":               "/",
		"/login/second":                "/",
		"/" + strings.Repeat("x", 400): "/", // longer than 400 bytes
	} {
		b := s.browser()
		a := b.Post("/login", url.Values{"email": {"ada@example.com"}, "password": {modelstest.Password}, "remember": {"true"}, "next": {next}})
		require.Equal(t, "/login/second", a.Location())
		require.Zero(t, cookieNamed(t, a, sessionCookieName).MaxAge)
		a = b.secondStep(codes[0])
		codes = codes[1:]
		require.Equal(t, want, a.Location())
		require.Positive(t, cookieNamed(t, a, sessionCookieName).MaxAge)
	}
}

func TestLoginSecond_BackToLoginKeepsNext(t *testing.T) {
	s := newSite(t)
	models.Clock.Stop()
	codes := s.withSecondStep("ada@example.com")
	for next, login := range map[string]string{"/account/sessions": "/login?next=%2Faccount%2Fsessions", "": "/login"} {
		b := s.browser()
		b.Post("/login", url.Values{"email": {"ada@example.com"}, "password": {modelstest.Password}, "next": {next}})
		require.Contains(t, b.Get("/login/second").Page, `<a href="`+login+`">Back to login</a>`)
		models.Clock.Move(5 * time.Minute)
		require.Equal(t, login, b.Get("/login/second").Location(), "it has expired")
		b.Post("/login", url.Values{"email": {"ada@example.com"}, "password": {modelstest.Password}, "next": {next}})
		models.Clock.Move(5 * time.Minute)
		require.Equal(t, login, b.secondStep(codes[0]).Location())
	}
}

func TestLoginSecond_EachTabHasItsNext(t *testing.T) {
	s := newSite(t)
	codes := s.withSecondStep("ada@example.com")
	b := s.browser()
	for _, next := range []string{"/account/sessions", "/account/activity"} {
		b.Post("/login", url.Values{"email": {"ada@example.com"}, "password": {modelstest.Password}, "next": {next}})
	}
	form := url.Values{"code": {"000000"}, "next": {"/account/sessions"}}
	require.Contains(t, b.Post("/login/second", form).Page, `name="next" value="/account/sessions"`, "a wrong code")
	form.Set("code", codes[0])
	require.Equal(t, "/account/sessions", b.Post("/login/second", form).Location())

	b = s.browser()
	b.logIn("ada@example.com")
	require.Equal(t, "/", b.Post("/login/second", url.Values{"code": {codes[1]}, "next": {"//evil.example"}}).Location(), "of this site only")
}

func TestLoginSecond_OfAResetKeepsNext(t *testing.T) {
	s := newSite(t)
	s.withSecondStep("ada@example.com")
	b := s.browser()
	b.Post("/password/forgot", url.Values{"email": {"ada@example.com"}, "next": {"/account/sessions"}})
	b.Get("/password/reset/" + modelstest.Link(t, "ada@example.com", models.MailReset))
	require.Equal(t, "/login/second", b.Get("/password/reset").Location())
	require.Contains(t, b.Get("/login/second").Page, `<a href="/login?next=%2Faccount%2Fsessions">Back to login</a>`)
}

// The right password is no failure, even if the second step is never passed.
func TestLoginSecond_RightPasswordIsRefunded(t *testing.T) {
	s := newSite(t)
	models.Clock.Stop()
	s.withSecondStep("ada@example.com")
	b := s.browser()
	for range 12 { // more than the rate limit allows failures
		require.Equal(t, "/login/second", b.logIn("ada@example.com").Location())
	}
}

func TestLoginSecond_Activity(t *testing.T) {
	s := newSite(t)
	codes := s.withSecondStep("ada@example.com")
	b := s.browser()
	b.logIn("ada@example.com")
	b.secondStep("wrong")
	b.secondStep(codes[0])
	b.logOut()
	b.logIn("ada@example.com")
	b.secondStep(codes[1])
	require.Equal(t, []string{
		"login", "code_used", "second_step_asked", "logout", "login_new_browser", "code_used", "code_failed", "second_step_asked",
	}, kindsOf(t, "ada@example.com")[:8])
}

func TestLoginSecond_SkipOnThisBrowser(t *testing.T) {
	s := newSite(t)
	codes := s.withSecondStep("ada@example.com")
	b := s.browser()
	b.logIn("ada@example.com")
	require.Contains(t, b.Get("/login/second").Page, `name="skip" type="checkbox" value="true" aria-describedby="skip-hint">`)
	require.Contains(t, b.secondStep("wrong", "skip").Page, `aria-describedby="skip-hint" checked>`, "a refused form keeps the checkbox checked")
	require.Equal(t, "/", b.secondStep(codes[0], "skip").Location())
	b.logOut()
	require.Equal(t, "/", b.logIn("ada@example.com").Location())
	b.requireLoggedIn("ada@example.com")
	require.Equal(t, "/sudo", b.Post("/account", url.Values{"_method": {"DELETE"}}).LocationPath(), "not confirmed")
	require.Equal(t, "/login/second", s.browser().logIn("ada@example.com").Location())
}

func TestLoginSecond_CodeWithoutPassword(t *testing.T) {
	b := newSite(t).browser()
	requireRedirectToLogin(t, b.secondStep("wrong"))
	b.logIn("nobody@example.com")
	require.Equal(t, "/login", b.secondStep("wrong").Location())
}
