package actions

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/oidc/oidctest"
	"corral/models"
	"corral/models/modelstest"
)

// The attacks of Sudhodanan and Paverd, "Pre-hijacked Accounts" (arXiv 2205.10174): the
// attacker acts on Zoe's email before she has an account, and returns afterwards.

// createsByProvider creates Zoe's account with her identity at the first provider.
func (s *providerSite) createsByProvider(zoe *browser) {
	t := s.t
	t.Helper()
	s.one.Behave(oidctest.Behaviour{Subject: "zoe", Email: "zoe@example.com"})
	require.Equal(t, "/check-mail", zoe.viaProvider("/auth/oidc").Location())
	require.Equal(t, "/signup/identity", zoe.Get("/signup/"+modelstest.Link(t, "zoe@example.com", models.MailIdentity)).Location())
	require.Equal(t, "/", zoe.Post("/signup/identity", signupForm("")).Location())
}

// createsByPassword creates Zoe's account with a password, by the newest mail of a template.
func (s *providerSite) createsByPassword(zoe *browser, template string) {
	t := s.t
	t.Helper()
	require.Equal(t, "/signup/password", zoe.Get("/signup/"+modelstest.Link(t, "zoe@example.com", template)).Location())
	require.Equal(t, "/", zoe.choosePassword(modelstest.Password).Location())
}

// requireZoesOwn requires that the account has Zoe's session and identities and nothing
// else, and that the attacker's browser and identity are not logged in.
func (s *providerSite) requireZoesOwn(mallory *browser, identities int) {
	t := s.t
	t.Helper()
	require.Len(t, s.identities("zoe@example.com"), identities)
	sessions, err := models.SessionsOf(t.Context(), s.user("zoe@example.com"))
	require.NoError(t, err)
	require.Len(t, sessions, 1)
	require.NotContains(t, mallory.Get("/account").Page, "zoe@example.com")
	s.one.Behave(oidctest.Behaviour{Subject: "mallory", Email: "zoe@example.com"})
	require.Equal(t, "/check-mail", mallory.viaProvider("/auth/oidc").Location())
	require.NotContains(t, mallory.Get("/account").Page, "zoe@example.com")
}

// The attacker signs up with Zoe's email and a password; Zoe logs in with a provider.
func TestPrehijacking_ClassicFederatedMerge(t *testing.T) {
	s := newProviderSite(t)
	mallory, zoe := s.browser(), s.browser()
	mallory.signUp("zoe@example.com")
	require.Equal(t, 404, mallory.choosePassword(newPassword).StatusCode)
	s.createsByProvider(zoe)
	require.False(t, s.user("zoe@example.com").HasPassword())
	require.Equal(t, 422, mallory.Post("/login", url.Values{"email": {"zoe@example.com"}, "password": {newPassword}}).StatusCode)
	s.requireZoesOwn(mallory, 1)
}

// The attacker keeps a session, or what may become one, until Zoe has an account.
func TestPrehijacking_UnexpiredSession(t *testing.T) {
	s := newProviderSite(t)
	mallory, zoe := s.browser(), s.browser()
	s.one.Behave(oidctest.Behaviour{Subject: "mallory", Email: "zoe@example.com"})
	mallory.viaProvider("/auth/oidc")
	link := modelstest.Link(t, "zoe@example.com", models.MailIdentity)
	s.createsByPassword(zoe, models.MailIdentity)
	require.Equal(t, 404, mallory.Get("/signup/"+link).StatusCode, "also with the link that Zoe used")
	require.Equal(t, 404, mallory.Post("/signup/identity", url.Values{}).StatusCode)
	s.requireZoesOwn(mallory, 0)
}

// The attacker leaves an identity behind; Zoe signs up by her own mail.
func TestPrehijacking_TrojanIdentifier(t *testing.T) {
	s := newProviderSite(t)
	mallory, zoe := s.browser(), s.browser()
	s.one.Behave(oidctest.Behaviour{Subject: "mallory", Email: "zoe@example.com"})
	mallory.viaProvider("/auth/oidc")
	zoe.signUp("zoe@example.com")
	s.createsByPassword(zoe, models.MailSignup)
	s.requireZoesOwn(mallory, 0)
}

// The attacker has an account, and requests a change to Zoe's email.
func TestPrehijacking_UnexpiredEmailChange(t *testing.T) {
	s := newProviderSite(t)
	modelstest.SignUp(t, "mallory@example.com")
	mallory, zoe := s.loggedIn("mallory@example.com", firefox), s.browser()
	require.Equal(t, 303, mallory.Put("/account/email", url.Values{"email": {"zoe@example.com"}}).StatusCode)
	s.createsByProvider(zoe)
	link := "/account/email/confirm/" + modelstest.Link(t, "zoe@example.com", models.MailEmailConfirm)
	require.Equal(t, 404, zoe.Post(link, url.Values{}).StatusCode, "Zoe opens the link in her mailbox")
	require.Equal(t, 404, mallory.Post(link, url.Values{}).StatusCode, "the attacker opens the link")
	mallory.logOut()
	s.requireZoesOwn(mallory, 1)
}

// The attacker's provider checks no email; Zoe signs up, or has an account.
func TestPrehijacking_NonVerifyingProvider(t *testing.T) {
	s := newProviderSite(t)
	mallory, zoe := s.browser(), s.browser()
	s.two.Behave(oidctest.Behaviour{Subject: "mallory", Email: "zoe@example.com", Claims: func(claims map[string]any) { claims["email_verified"] = true }})
	mallory.viaProvider("/auth/oidc2")
	s.createsByProvider(zoe)
	mallory.viaProvider("/auth/oidc2")
	link := "/auth/link/" + modelstest.Link(t, "zoe@example.com", models.MailIdentity)
	require.Equal(t, "/", zoe.Get(link).Location(), "Zoe opens the link in her browser")
	require.Equal(t, "/account", zoe.viaProvider("/sudo/oidc").Location())
	require.Equal(t, 404, zoe.Post(link, url.Values{}).StatusCode)
	require.Equal(t, "/login", mallory.Get(link).LocationPath(), "the attacker opens the link in another browser")
	s.requireZoesOwn(mallory, 1)
}
