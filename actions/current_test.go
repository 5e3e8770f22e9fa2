package actions

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/internal/apptest"
	"corral/internal/secret"
	"corral/models"
	"corral/models/modelstest"
)

func TestSession_LastsFromLoginToLogout(t *testing.T) {
	b := newSite(t).browser()
	modelstest.SignUp(t, "ada@example.com")

	require.Equal(t, 200, b.Get("/welcome").StatusCode)
	require.Equal(t, "/login", b.Get("/").LocationPath())
	require.Equal(t, []string{"You need to login first."}, apptest.Flashes(b.Get("/login").Page))
	require.Empty(t, apptest.Flashes(b.Get("/login").Page))
	require.Equal(t, "/", b.logIn("ada@example.com").Location())
	require.Equal(t, []string{"You were logged in."}, apptest.Flashes(b.Get("/").Page))
	require.Empty(t, apptest.Flashes(b.Get("/").Page))
	require.Equal(t, "/welcome", b.logOut().Location())
	require.Equal(t, []string{"You were logged out."}, apptest.Flashes(b.Get("/welcome").Page))
	require.Empty(t, apptest.Flashes(b.Get("/welcome").Page))
	require.Equal(t, "/login", b.Get("/").LocationPath())
}

func TestSession_AnonymousPageSetsNoCookieAndWritesNoRow(t *testing.T) {
	b := newSite(t).browser()
	for _, path := range []string{"/welcome", "/login", "/nope", "/assets/nope"} {
		require.Empty(t, b.Get(path).Header.Values("Set-Cookie"), path)
	}
	for _, table := range []string{"users", "sessions", "tokens"} {
		n, err := models.DB.Count(table)
		require.NoError(t, err)
		require.Zero(t, n)
	}
}

func TestSession_SavedOnlyWhenChanged(t *testing.T) {
	b := newSite(t).browser()
	modelstest.SignUp(t, "ada@example.com")
	require.NotEmpty(t, b.logIn("ada@example.com").Header.Values("Set-Cookie"))
	require.NotEmpty(t, b.Get("/").Header.Values("Set-Cookie"), "the flash was shown")
	require.Empty(t, b.Get("/").Header.Values("Set-Cookie"))
	require.Empty(t, b.Get("/logout").Header.Values("Set-Cookie"))
}

func TestSession_RememberedForThirtyDays(t *testing.T) {
	b := newSite(t).browser()
	models.Clock.Stop()
	modelstest.SignUp(t, "ada@example.com")
	require.Equal(t, 30*24*3600, cookieNamed(t, b.logIn("ada@example.com", "remember"), sessionCookieName).MaxAge)
	models.Clock.Move(29 * 24 * time.Hour)
	a := b.Get("/")
	require.Equal(t, 200, a.StatusCode)
	require.Equal(t, 24*3600, a.Cookies()[0].MaxAge, "a page does not prolong the session")
	models.Clock.Move(24 * time.Hour)
	require.Equal(t, "/login", b.Get("/").LocationPath())
}

func TestSession_IdleTimeout(t *testing.T) {
	b := newSite(t).browser()
	modelstest.SignUp(t, "ada@example.com")
	b.logIn("ada@example.com")
	models.Clock.Move(30 * time.Minute)
	require.Equal(t, "/login", b.Get("/").LocationPath())
}

func TestSession_LogoutEndsCopiedCookies(t *testing.T) {
	s := newSite(t)
	b, attacker := s.browser(), s.browser()
	modelstest.SignUp(t, "ada@example.com")
	b.logIn("ada@example.com")
	attacker.SetCookie(sessionCookieName, b.sessionCookie())
	require.Equal(t, 200, attacker.Get("/").StatusCode)
	b.logOut()
	require.Equal(t, "/login", attacker.Get("/").LocationPath())
}

func TestSession_LogoutEndsOneBrowsersSession(t *testing.T) {
	s := newSite(t)
	one, other := s.browser(), s.browser()
	modelstest.SignUp(t, "ada@example.com")
	one.logIn("ada@example.com")
	other.logIn("ada@example.com")
	one.logOut()
	require.Equal(t, 302, one.Get("/").StatusCode)
	require.Equal(t, 200, other.Get("/").StatusCode)
}

// Prevents session fixation by a planted cookie.
func TestSession_LoginClearsAndRenews(t *testing.T) {
	s := newSite(t)
	attacker, victim := s.browser(), s.browser()
	modelstest.SignUp(t, "ada@example.com")
	modelstest.SignUp(t, "eve@example.com")
	attacker.openReset("eve@example.com") // stores the token of a link in the cookie
	attacker.Get("/?planted")             // and a flash message
	victim.SetCookie(sessionCookieName, attacker.sessionCookie())
	victim.logIn("ada@example.com")
	require.NotEqual(t, attacker.sessionCookie(), victim.sessionCookie())
	require.Equal(t, 302, attacker.Get("/").StatusCode)
	require.Equal(t, []string{"You were logged in."}, apptest.Flashes(victim.Get("/").Page), "the planted flash is gone")
	require.Equal(t, 200, attacker.Get("/password/reset").StatusCode)
	require.Equal(t, 404, victim.Get("/password/reset").StatusCode, "the planted link, too")
}

func TestSession_LoginTokenIsNewEachTime(t *testing.T) {
	s := newSite(t)
	b, old := s.browser(), s.browser()
	modelstest.SignUp(t, "ada@example.com")
	b.logIn("ada@example.com")
	old.SetCookie(sessionCookieName, b.sessionCookie())
	b.logOut()
	b.logIn("ada@example.com")
	require.Equal(t, 302, old.Get("/").StatusCode)
	require.Equal(t, 200, b.Get("/").StatusCode)
}

func TestSession_DamagedCookieIsIgnored(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	modelstest.SignUp(t, "ada@example.com")
	b.logIn("ada@example.com")
	good := b.sessionCookie()
	flipped := []byte(good)
	flipped[len(flipped)/2] ^= 1
	for _, damaged := range []string{"x", good[1:], good[:len(good)-5], string(flipped), strings.Repeat("A", 8000), "%00", "MTIz"} {
		b := s.browser()
		b.SetCookie(sessionCookieName, damaged)
		require.Equal(t, "/login", b.Get("/").LocationPath(), "%.40s", damaged)
		require.Equal(t, 200, b.Get("/login").StatusCode)
	}
}

func TestSession_SecretRotation(t *testing.T) {
	old, fresh := secret.New(), secret.New()
	with := func(secrets ...string) func(*config.Config) {
		return func(c *config.Config) { c.SessionSecrets = secrets }
	}
	before := newSite(t, with(old))
	modelstest.SignUp(t, "ada@example.com")
	b := before.browser()
	b.logIn("ada@example.com")
	b.Get("/") // shows the flash message

	during, after, foreign := restart(t, with(fresh, old)), restart(t, with(fresh)), restart(t, with(secret.New()))
	moved := during.browser()
	moved.SetCookie(sessionCookieName, b.sessionCookie())
	require.Equal(t, 200, moved.Get("/").StatusCode, "the old secret is still read")

	renewed := during.browser()
	renewed.logIn("ada@example.com")
	late := after.browser()
	late.SetCookie(sessionCookieName, renewed.sessionCookie())
	require.Equal(t, 200, late.Get("/").StatusCode, "the new secret encrypts")

	for _, s := range []*site{after, foreign} {
		late := s.browser()
		late.SetCookie(sessionCookieName, b.sessionCookie())
		require.Equal(t, "/login", late.Get("/").LocationPath(), "a removed secret is not read")
	}
}

func TestSession_NewPasswordEndsAllSessions(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	ada := modelstest.SignUp(t, "ada@example.com")
	b.logIn("ada@example.com", "remember")
	require.NoError(t, ada.SetPassword(t.Context(), "an entirely new set of words"))
	require.Equal(t, "/login", b.Get("/").LocationPath())
}
