package actions

import (
	"testing"

	"github.com/stretchr/testify/require"

	"corral/models/modelstest"
)

// With the second step on, a provider does not confirm, even if the user had left for the
// provider before it was turned on.
func TestSudoProvider_NotWithASecondStep(t *testing.T) {
	s := newProviderSite(t)
	s.signUpLinked("ada@example.com")
	b := s.confirmedTenMinutesAgo("ada@example.com")
	back := b.toProvider("/sudo/oidc")
	modelstest.SetTOTP(t, "ada@example.com")
	b.requireAlert(b.Get(back), "/sudo", "That account at Example &amp; Co is not the one")
	require.Equal(t, 403, b.clicks("/sudo/oidc").StatusCode)
	require.NotContains(t, b.Get("/sudo").Page, "/sudo/oidc")
	require.Equal(t, "/sudo", b.Delete("/account", nil).LocationPath())
}
