package actions

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/oidc/oidctest"
	"corral/models"
	"corral/models/modelstest"
)

func TestAuth_AsksForTheSecondStep(t *testing.T) {
	s := newProviderSite(t)
	models.Clock.Stop()
	s.signUpLinked("ada@example.com")
	_, codes := modelstest.SetTOTP(t, "ada@example.com")
	b := s.browser()
	a := b.viaProvider("/auth/oidc?next=/account")
	require.Equal(t, "/login/second", a.Location())
	b.requireLoggedOut()
	require.Contains(t, modelstest.Mails(t, "ada@example.com"), models.MailNotPassed)
	a = b.secondStep(codes[0], "skip")
	require.Equal(t, "/account", a.Location())
	require.NotContains(t, modelstest.Mails(t, "ada@example.com"), models.MailNotPassed)
	b.logOut()
	require.Equal(t, "/", b.viaProvider("/auth/oidc").Location(), "the browser skips the second step")
	b.requireLoggedIn("ada@example.com")
}

// A pending identity, a long page to go to and a second step fit into the cookie.
func TestAuth_CookieFits(t *testing.T) {
	s := newProviderSite(t)
	s.withSecondStep("ada@example.com")
	s.one.Behave(oidctest.Behaviour{Subject: strings.Repeat("s", 64), Email: "ada@example.com"})
	b := s.browser()
	long := "/account?" + strings.Repeat("x", 391)
	require.Equal(t, "/check-mail", b.viaProvider("/auth/oidc?"+url.Values{"next": {long}}.Encode()).LocationPath())
	a := b.Post("/login", url.Values{"email": {"ada@example.com"}, "password": {modelstest.Password}, "next": {long}})
	require.Equal(t, "/login/second", a.Location())
	require.Less(t, len(b.sessionCookie()), 4000)
	t.Log(len(b.sessionCookie()))
}
