package actions

import (
	"testing"

	"github.com/stretchr/testify/require"

	"corral/models"
	"corral/models/modelstest"
)

func TestAuth_AsksForTheSecondStep(t *testing.T) {
	s := newProviderSite(t)
	models.Clock.Stop()
	s.linked("ada@example.com")
	_, codes := modelstest.SetTOTP(t, "ada@example.com")
	b := s.browser()
	a := b.byProvider("/auth/oidc?next=/account")
	require.Equal(t, "/login/second", a.Location())
	b.requireLoggedOut()
	require.Contains(t, modelstest.Mails(t, "ada@example.com"), models.MailNotPassed)
	a = b.secondStep(codes[0], "skip")
	require.Equal(t, "/account", a.Location())
	require.NotContains(t, modelstest.Mails(t, "ada@example.com"), models.MailNotPassed)
	b.logOut()
	require.Equal(t, "/", b.byProvider("/auth/oidc").Location(), "the browser skips it")
	b.requireLoggedIn("ada@example.com")
}
