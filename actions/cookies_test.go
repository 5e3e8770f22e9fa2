package actions

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/internal/apptest"
	"corral/models"
	"corral/models/modelstest"
)

func TestCookies_ProductionAttributes(t *testing.T) {
	s := newProductionSite(t)
	b := s.browser()
	var all []*http.Cookie
	collect := func(a apptest.Response) { all = append(all, a.Cookies()...) }
	collect(b.Get("/"))
	collect(b.signUp("dora@example.com"))
	collect(b.Get("/check-mail"))
	collect(b.Get("/signup/" + modelstest.Link(t, "dora@example.com", models.MailSignup)))
	collect(b.choosePassword(modelstest.Password))
	collect(b.logOut())
	collect(b.logIn("dora@example.com", "remember"))
	collect(b.Put("/language", url.Values{"language": {anotherLanguage()}}))
	names := map[string]bool{}
	for _, c := range all {
		names[c.Name] = true
		require.True(t, strings.HasPrefix(c.Name, "__Host-"), c.Name)
		require.True(t, c.Secure && c.HttpOnly, c.Name)
		require.Equal(t, http.SameSiteLaxMode, c.SameSite, c.Name)
		require.Equal(t, "/", c.Path, c.Name)
		require.Empty(t, c.Domain, c.Name)
		require.Less(t, len(c.String()), 4096, c.Name)
	}
	require.Len(t, names, 3, "session, known browser and language")
}

// Prevents a redirect loop.
func TestCookies_ClientWithoutCookiesStaysLoggedOut(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	require.Equal(t, "/", s.browser().logIn("ada@example.com").Location())
	require.Equal(t, "/login", s.browser().Get("/").LocationPath())
	require.Equal(t, 200, s.browser().Get("/login").StatusCode)
}

func TestSession_CookieAttributes(t *testing.T) {
	for name, start := range map[string]func(testing.TB, ...func(*config.Config)) *site{
		sessionCookieName: newSite, "__Host-" + sessionCookieName: newProductionSite,
	} {
		b := start(t).browser()
		modelstest.SignUp(t, "ada@example.com")
		c := cookieNamed(t, b.logIn("ada@example.com"), name)
		require.True(t, c.HttpOnly)
		require.Equal(t, strings.HasPrefix(name, "__Host-"), c.Secure)
		require.Equal(t, http.SameSiteLaxMode, c.SameSite)
		require.Equal(t, "/", c.Path)
		require.Empty(t, c.Domain)
		require.Zero(t, c.MaxAge, "the cookie ends with the browser")
		require.True(t, c.Expires.IsZero())
		require.Less(t, len(c.String()), 4096)
	}
}

func TestSession_CookieIsOpaque(t *testing.T) {
	b := newSite(t).browser()
	ada := modelstest.SignUp(t, "ada@example.com")
	b.logIn("ada@example.com")
	for _, decoded := range decodings(b.sessionCookie()) {
		for _, secret := range []string{"ada@example.com", ada.ID.String(), "token", "logged in"} {
			require.NotContains(t, decoded, secret)
		}
	}
}

// decodings returns a text, and the text decoded from base64.
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

// Prevents two copies of the app, on two ports of one host, from logging users out.
func TestCookies_DevelopmentNamesCarryThePort(t *testing.T) {
	s := newSite(t, func(c *config.Config) { c.Env, c.Addr = config.Development, "127.0.0.1:4111" })
	modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	a := b.logIn("ada@example.com")
	cookieNamed(t, a, sessionCookieName+"-4111")
	cookieNamed(t, a, "corral-device-4111")
	cookieNamed(t, b.Post("/language", chosen("en-US")), "corral-lang-4111")
}
