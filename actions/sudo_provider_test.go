package actions

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/internal/oidc/oidctest"
	"corral/models"
	"corral/models/modelstest"
)

// A fresh login with a linked provider confirms.
func TestSudoProvider_Confirms(t *testing.T) {
	s := newProviderSite(t)
	models.Clock.Stop()
	s.signUpLinked("ada@example.com")
	b := s.confirmedTenMinutesAgo("ada@example.com")
	page := b.Get("/sudo?next=/account").Page
	require.Contains(t, page, `href="/sudo/oidc?next=%2Faccount">Confirm with Example &amp; Co</a>`)
	require.NotContains(t, page, "/sudo/oidc2", "not linked")
	copied := s.browser()
	copied.SetCookie(sessionCookieName, b.sessionCookie())
	require.Contains(t, b.clicks("/sudo/oidc").Location(), "max_age=300")
	a := b.viaProvider("/sudo/oidc?next=/account")
	require.Equal(t, 302, a.StatusCode)
	require.Equal(t, "/account", a.Location())
	require.Equal(t, "/account", b.Put("/account/email", url.Values{"email": {"ada@new.example"}}).Location())
	require.Equal(t, "/login", copied.Get("/account").LocationPath(), "the session has a new token")
	models.Clock.Move(10*time.Minute - time.Second)
	require.Equal(t, "/account", b.Put("/account/email", url.Values{"email": {"ada@other.example"}}).Location(), "still confirmed")
	models.Clock.Move(time.Second)
	require.Equal(t, "/sudo", b.Delete("/account", nil).LocationPath())
	require.Equal(t, "/account", b.viaProvider("/sudo/oidc").Location())

	require.Equal(t, "/", copied.viaProvider("/auth/oidc").Location())
	require.Equal(t, "/sudo", copied.Delete("/account", nil).LocationPath(), "a login with a provider does not confirm")
}

// Prevents an attacker at an open session from confirming with an account of their own.
func TestSudoProvider_Refuses(t *testing.T) {
	for name, c := range map[string]struct {
		oidctest.Behaviour
		path, text string
	}{
		"another identity":      {oidctest.Behaviour{Subject: "eve", Email: "ada@example.com"}, "/sudo/oidc", "That account at Example &amp; Co is not the one"},
		"of another provider":   {oidctest.Behaviour{}, "/sudo/oidc2", "That account at Other is not the one"},
		"without auth_time":     {oidctest.Behaviour{Claims: func(claims map[string]any) { claims["auth_time"] = nil }}, "/sudo/oidc", "Example &amp; Co did not confirm"},
		"with an old auth_time": {oidctest.Behaviour{Claims: func(claims map[string]any) { claims["auth_time"] = models.Clock.Now().Unix() - 600 }}, "/sudo/oidc", "Example &amp; Co did not confirm"},
		"cancelled":             {oidctest.Behaviour{Error: "access_denied"}, "/sudo/oidc", "The login with Example &amp; Co was cancelled."},
		"by another issuer":     {oidctest.Behaviour{Claims: func(claims map[string]any) { claims["iss"] = "https://evil.example" }}, "/sudo/oidc", "The login with Example &amp; Co failed."},
	} {
		t.Run(name, func(t *testing.T) {
			s := newProviderSite(t)
			s.signUpLinked("ada@example.com")
			b := s.confirmedTenMinutesAgo("ada@example.com")
			s.one.Behave(c.Behaviour)
			b.requireAlert(b.viaProvider(c.path+"?next=/account"), "/sudo?next=%2Faccount", c.text)
			require.Equal(t, "/sudo", b.Delete("/account", nil).LocationPath())
		})
	}
}

// An identity that is linked to another account does not confirm.
func TestSudoProvider_OfAnotherAccount(t *testing.T) {
	s := newProviderSite(t)
	s.signUpLinked("eve@example.com")
	modelstest.SignUp(t, "ada@example.com")
	b := s.confirmedTenMinutesAgo("ada@example.com")
	b.requireAlert(b.viaProvider("/sudo/oidc"), "/sudo", "That account at Example &amp; Co is not the one")
	require.Equal(t, "/sudo", b.Delete("/account", nil).LocationPath())
}

// A user who can log in only with a provider may set a password by a mailed link. If the
// provider sends no auth_time, the user needs one to confirm.
func TestSudoProvider_WithoutAPassword(t *testing.T) {
	s := newProviderSite(t)
	b := s.onlyByProvider("ada@example.com")
	page := b.Get("/sudo?next=/account").Page
	require.NotContains(t, page, `type="password"`)
	require.Contains(t, page, "Your account has no password.")
	form := url.Values{"email": {field(page, "email")}, "next": {next(page)}}
	require.Equal(t, "ada@example.com", form.Get("email"))
	require.Equal(t, "/check-mail?next=%2Faccount", b.Post("/password/forgot", form).Location())
	b.Get("/password/reset/" + modelstest.Link(t, "ada@example.com", models.MailReset))
	require.Equal(t, "/login?next=%2Faccount", b.Put("/password/reset", url.Values{"password": {modelstest.Password}}).Location())
	require.Equal(t, "/", b.logIn("ada@example.com").Location())
	require.Equal(t, []string{s.one.URL}, s.identities("ada@example.com"))
	require.NotContains(t, b.Get("/sudo").Page, "Your account has no password.")
}
