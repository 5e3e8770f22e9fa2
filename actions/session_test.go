package actions_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/models"
	"corral/models/modelstest"
)

func TestSession_TheWholeStory(t *testing.T) {
	b := newSite(t).browser()
	modelstest.SignUp(t, "ada@example.com")

	require.Equal(t, 200, b.get("/welcome").StatusCode)
	require.Equal(t, "/login", b.get("/").location())
	require.Equal(t, []string{"You need to login first."}, flashes(b.get("/login").page))
	require.Empty(t, flashes(b.get("/login").page))
	require.Equal(t, "/", b.logIn("ada@example.com").location())
	require.Equal(t, []string{"You were logged in."}, flashes(b.get("/").page))
	require.Empty(t, flashes(b.get("/").page))
	require.Equal(t, "/welcome", b.logOut().location())
	require.Equal(t, []string{"You were logged out."}, flashes(b.get("/welcome").page))
	require.Empty(t, flashes(b.get("/welcome").page))
	require.Equal(t, "/login", b.get("/").location())
}

func TestSession_AnonymousPageSetsNoCookieAndWritesNoRow(t *testing.T) {
	b := newSite(t).browser()
	for _, path := range []string{"/welcome", "/login", "/nope", "/assets/nope"} {
		require.Empty(t, b.get(path).Header.Values("Set-Cookie"), path)
	}
	for _, table := range []string{"users", "sessions", "tokens"} {
		n, err := models.DB.Count(table)
		require.NoError(t, err)
		require.Zero(t, n)
	}
}

// The store writes the cookie when the session has changed, not on every page.
func TestSession_SavedOnlyWhenChanged(t *testing.T) {
	b := newSite(t).browser()
	modelstest.SignUp(t, "ada@example.com")
	require.NotEmpty(t, b.logIn("ada@example.com").Header.Values("Set-Cookie"))
	require.NotEmpty(t, b.get("/").Header.Values("Set-Cookie"), "the flash was shown")
	require.Empty(t, b.get("/").Header.Values("Set-Cookie"))
	require.Empty(t, b.get("/logout").Header.Values("Set-Cookie"))
}

func TestSession_CookieAttributes(t *testing.T) {
	for name, s := range map[string]*site{"corral": newSite(t), "__Host-corral": newProductionSite(t)} {
		b := s.browser()
		email := strings.ToLower(strings.Trim(name, "_")) + "@example.com"
		modelstest.SignUp(t, email)
		c := cookieNamed(t, b.logIn(email), name)
		require.True(t, c.HttpOnly)
		require.Equal(t, strings.HasPrefix(name, "__Host-"), c.Secure)
		require.Equal(t, http.SameSiteLaxMode, c.SameSite)
		require.Equal(t, "/", c.Path)
		require.Empty(t, c.Domain)
		require.Zero(t, c.MaxAge, "it ends with the browser")
		require.True(t, c.Expires.IsZero())
		require.Less(t, len(c.String()), 4096)
	}
}

func TestSession_Remember(t *testing.T) {
	b := newSite(t).browser()
	modelstest.SignUp(t, "ada@example.com")
	require.InDelta(t, 30*24*3600, cookieNamed(t, b.logIn("ada@example.com", "remember"), "corral").MaxAge, 2)
	models.Clock.Move(29 * 24 * time.Hour)
	a := b.get("/")
	require.Equal(t, 200, a.StatusCode)
	require.InDelta(t, 24*3600, a.Cookies()[0].MaxAge, 2, "a page does not prolong it")
	models.Clock.Move(24 * time.Hour)
	require.Equal(t, "/login", b.get("/").location())
}

func TestSession_EndsIdle(t *testing.T) {
	b := newSite(t).browser()
	modelstest.SignUp(t, "ada@example.com")
	b.logIn("ada@example.com")
	models.Clock.Move(30 * time.Minute)
	require.Equal(t, "/login", b.get("/").location())
}

// A copy of the cookie dies with the session.
func TestSession_CopiedCookieIsDeadAfterLogout(t *testing.T) {
	s := newSite(t)
	b, thief := s.browser(), s.browser()
	modelstest.SignUp(t, "ada@example.com")
	b.logIn("ada@example.com")
	thief.setCookie("corral", b.cookie())
	require.Equal(t, 200, thief.get("/").StatusCode)
	b.logOut()
	require.Equal(t, "/login", thief.get("/").location())
}

func TestSession_TwoBrowsersEndAlone(t *testing.T) {
	s := newSite(t)
	one, other := s.browser(), s.browser()
	modelstest.SignUp(t, "ada@example.com")
	one.logIn("ada@example.com")
	other.logIn("ada@example.com")
	one.logOut()
	require.Equal(t, 302, one.get("/").StatusCode)
	require.Equal(t, 200, other.get("/").StatusCode)
}

// Fixation: what an attacker planted before the login is worth nothing after it.
func TestSession_LoginClearsAndRenews(t *testing.T) {
	s := newSite(t)
	attacker, victim := s.browser(), s.browser()
	modelstest.SignUp(t, "ada@example.com")
	attacker.get("/?planted") // an anonymous session with a place to return to and a flash
	victim.setCookie("corral", attacker.cookie())
	victim.logIn("ada@example.com")
	require.NotEqual(t, attacker.cookie(), victim.cookie())
	require.Equal(t, 302, attacker.get("/").StatusCode)
	require.Equal(t, []string{"You were logged in."}, flashes(victim.get("/").page), "the planted flash is gone")
}

func TestSession_LoginTokenIsNewEachTime(t *testing.T) {
	s := newSite(t)
	b, old := s.browser(), s.browser()
	modelstest.SignUp(t, "ada@example.com")
	b.logIn("ada@example.com")
	old.setCookie("corral", b.cookie())
	b.logOut()
	b.logIn("ada@example.com")
	require.Equal(t, 302, old.get("/").StatusCode)
	require.Equal(t, 200, b.get("/").StatusCode)
}

// A damaged cookie is an anonymous visitor's, never an error.
func TestSession_DamagedCookies(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	modelstest.SignUp(t, "ada@example.com")
	b.logIn("ada@example.com")
	good := b.cookie()
	flipped := []byte(good)
	flipped[len(flipped)/2] ^= 1
	for _, damaged := range []string{"x", good[1:], good[:len(good)-5], string(flipped), strings.Repeat("A", 8000), "%00", "MTIz"} {
		visitor := s.browser()
		visitor.setCookie("corral", damaged)
		require.Equal(t, "/login", visitor.get("/").location(), "%.40s", damaged)
		require.Equal(t, 200, visitor.get("/login").StatusCode)
	}
}

// The cookie is encrypted: it tells nothing about who holds it.
func TestSession_CookieIsOpaque(t *testing.T) {
	b := newSite(t).browser()
	ada := modelstest.SignUp(t, "ada@example.com")
	b.logIn("ada@example.com")
	for _, decoded := range decodings(b.cookie()) {
		for _, secret := range []string{"ada", ada.ID.String(), "token", "logged in"} {
			require.NotContains(t, decoded, secret)
		}
	}
}

func TestSession_SecretRotation(t *testing.T) {
	old, fresh := config.NewSecret(), config.NewSecret()
	with := func(secrets ...string) func(*config.Config) {
		return func(c *config.Config) { c.SessionSecrets = secrets }
	}
	before := newSite(t, with(old))
	modelstest.SignUp(t, "ada@example.com")
	b := before.browser()
	b.logIn("ada@example.com")
	b.get("/")

	// newSite empties the database: start the later ones on the same rows.
	during, after, stranger := restart(t, with(fresh, old)), restart(t, with(fresh)), restart(t, with(config.NewSecret()))
	moved := during.browser()
	moved.setCookie("corral", b.cookie())
	require.Equal(t, 200, moved.get("/").StatusCode, "the old secret is still read")

	renewed := during.browser()
	renewed.logIn("ada@example.com")
	late := after.browser()
	late.setCookie("corral", renewed.cookie())
	require.Equal(t, 200, late.get("/").StatusCode, "the new secret signs")

	for _, s := range []*site{after, stranger} {
		visitor := s.browser()
		visitor.setCookie("corral", b.cookie())
		require.Equal(t, "/login", visitor.get("/").location(), "a retired secret signs nobody in")
	}
}

func TestSession_PasswordResetEndsAll(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	ada := modelstest.SignUp(t, "ada@example.com")
	b.logIn("ada@example.com", "remember")
	require.NoError(t, ada.SetPassword(t.Context(), "an entirely new set of words"))
	require.Equal(t, "/login", b.get("/").location())
}

func TestReturnPath_AfterLogin(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	for asked, want := range map[string]string{
		"/?tab=devices":                  "/?tab=devices",
		"/?next=https://evil.example":    "/?next=https://evil.example",
		"/":                              "/",
		"/logout":                        "/",
		"/logout/":                       "/",
		"/?" + strings.Repeat("x", 1100): "/",
		"/?a=Path()":                     "/?a=Path()",
		"/?a=%25s%25d":                   "/?a=%25s%25d",
	} {
		b := s.browser()
		require.Equal(t, "/login", b.get(asked).location())
		require.Equal(t, want, b.logIn("ada@example.com").location(), asked)
		require.Equal(t, 200, b.get("/").StatusCode)
		b.logOut()
		require.Equal(t, "/", b.logIn("ada@example.com").location(), "once")
	}
}

func TestReturnPath_OnlyGET(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	a := b.send("GET", "/?x=1", nil)
	require.Equal(t, "/login", a.location())
	b.header.Set("Accept", "application/json")
	a = b.get("/?y=2")
	require.Equal(t, 401, a.StatusCode)
	require.Equal(t, "application/problem+json", a.Header.Get("Content-Type"))
	require.JSONEq(t, `{"type":"about:blank","title":"Unauthorized","status":401}`, a.page)
	b.header.Del("Accept")
	require.Equal(t, "/?x=1", b.logIn("ada@example.com").location())
}

func cookieNamed(t *testing.T, a answer, name string) *http.Cookie {
	t.Helper()
	for _, c := range a.Cookies() {
		if c.Name == name {
			return c
		}
	}
	require.Fail(t, "no cookie "+name)
	return nil
}

// decodings are the ways to read a base64 text, and the text.
func decodings(text string) []string {
	list := []string{text}
	for _, encoding := range []*base64.Encoding{base64.URLEncoding, base64.RawURLEncoding, base64.StdEncoding} {
		decoded, _ := encoding.DecodeString(text)
		list = append(list, string(decoded))
		for _, part := range strings.Split(string(decoded), "|") {
			inner, _ := base64.URLEncoding.DecodeString(part)
			list = append(list, string(inner))
		}
	}
	return list
}
