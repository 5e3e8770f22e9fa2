package actions

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// It survives the second step of the login.
func TestAuthLink_AfterTheSecondStep(t *testing.T) {
	s := newProviderSite(t)
	codes := s.withSecondStep("ada@example.com")
	b := s.browser()
	link := b.fromProvider("ada@example.com")
	require.Equal(t, "/login/second", b.logInFrom(b.Get(b.Get(link).Location()).Page, "ada@example.com").Location())
	require.Equal(t, link, b.secondStep(codes[0]).Location())
	require.Equal(t, "/account/security", b.Post(link, url.Values{}).Location())
	require.Equal(t, []string{s.one.URL}, s.identities("ada@example.com"))
}
