package actions

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A browser that keeps no cookies cannot prove that it began the login. The page must not
// blame the provider.
func TestNoCookies_ProviderLoginAsksForCookies(t *testing.T) {
	log := captureLog(t)
	s := newProviderSite(t)
	b := s.withoutCookies()
	a := b.Get(b.toProvider("/auth/oidc"))
	require.Equal(t, 302, a.StatusCode)
	require.Equal(t, "/login?cookies=none", a.Location())
	require.Contains(t, b.Get(a.Location()).Page, needsCookies)
	require.Contains(t, log.String(), "provider refused")
	require.NotContains(t, log.String(), "provider failed")

	for _, query := range []string{"", "?error=access_denied&state=forged"} {
		a = s.browser().Get("/auth/oidc/callback" + query)
		require.Equal(t, "/login", a.Location(), "a browser that began no login here")
	}
}
