package actions

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/oidc/oidctest"
	"corral/models"
	"corral/models/modelstest"
)

// providerSite starts a site in production with providers and Ada's account.
func (s *site) providerSite() *providerSite {
	p := startProviderSite(s.t, newProductionSite)
	modelstest.SignUp(s.t, "ada@example.com")
	return p
}

func TestEvents_ProvidersAreLogged(t *testing.T) {
	requireEvents(t, map[string]func(s *site){
		"provider refused": func(s *site) { s.providerSite().browser().clicks("/auth/oidc/callback") },
		"provider unavailable": func(s *site) {
			p := s.providerSite()
			p.one.Behave(oidctest.Behaviour{Error: "server_error"})
			p.browser().viaProvider("/auth/oidc")
		},
		"identity linked": func(s *site) {
			s.providerSite().loggedIn("ada@example.com", firefox).viaProvider("/account/security/providers/oidc")
		},
		"identity unlinked": func(s *site) {
			p := s.providerSite()
			b := p.loggedIn("ada@example.com", firefox)
			b.viaProvider("/account/security/providers/oidc")
			b.Delete("/account/security/providers/oidc", url.Values{})
		},
	})
}

func TestEvents_RequestByProviderCarriesADigestOfTheEmail(t *testing.T) {
	log := captureLog(t)
	s := startProviderSite(t, newProductionSite)
	s.one.Behave(oidctest.Behaviour{Email: " Zoe@Example.com"})
	s.browser().viaProvider("/auth/oidc")
	require.Equal(t, models.EmailDigest("zoe@example.com"), digestIn(t, log.String(), "signup requested"))
}
