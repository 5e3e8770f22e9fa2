package actions

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/models/modelstest"
)

func TestAccountActivity_LoginByProvider(t *testing.T) {
	s := newProviderSite(t)
	s.signUpLinked("ada@example.com")
	s.loggedIn("ada@example.com", safari)
	b := s.with("User-Agent", firefox)
	b.viaProvider("/auth/oidc")
	require.Contains(t, b.Get("/account/activity").Page, "Logged in from a new browser")
}

func TestAccountActivity_ProviderIsLinkedAndUnlinked(t *testing.T) {
	s := newProviderSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	b.viaProvider(providersPath + "oidc")
	b.Delete(providersPath+"oidc", url.Values{})
	page := b.Get("/account/activity").Page
	require.Contains(t, page, "Account elsewhere linked")
	require.Contains(t, page, "Account elsewhere unlinked")
}
