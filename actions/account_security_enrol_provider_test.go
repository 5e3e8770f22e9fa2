package actions

import (
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/oidc/oidctest"
	"corral/models"
	"corral/models/modelstest"
)

// A session that the mailed link of a sign-up started needs no other link to enrol.
func TestAccountSecurityEnrol_AfterTheSignUpWithAProvider(t *testing.T) {
	s := startProviderSite(t, newEnrolSite)
	s.one.Behave(oidctest.Behaviour{Email: "zoe@example.com"})
	b := s.browser()
	b.viaProvider("/auth/oidc")
	b.Get("/signup/" + modelstest.Link(t, "zoe@example.com", models.MailIdentity))
	b.Post("/signup/identity", signupForm(""))
	require.Equal(t, "/account/security", b.Get("/").Location())
	require.NotContains(t, b.Get("/account/security").Page, "We sent a link")
	require.NotContains(t, modelstest.Mails(t, "zoe@example.com"), models.MailEnrol)
}
