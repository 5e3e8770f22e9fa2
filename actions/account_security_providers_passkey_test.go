package actions

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// After the password is removed, a linked provider still logs the user in: no text may deny it.
func TestAccountSecurityProviders_PasswordRemoval(t *testing.T) {
	s := newProviderSite(t)
	s.signUpLinked("ada@example.com")
	s.addPasskey("ada@example.com")
	page := s.loggedIn("ada@example.com", firefox).Get("/account/security").Page
	require.Contains(t, page, "A passkey then logs you in.")
	for _, text := range []string{page, T.In("en-US")("mail.password_removed.text", map[string]any{"email": "ada@example.com"})} {
		require.NotContains(t, text, "nothing else")
	}
}

// Without a passkey, there is also no password to remove.
func TestAccountSecurityProviders_NoPasswordToRemove(t *testing.T) {
	s := newProviderSite(t)
	b := s.onlyByProvider("ada@example.com")
	require.Equal(t, "/account", b.viaProvider("/sudo/oidc").Location())
	require.Equal(t, 422, b.Delete("/account/password", nil).StatusCode)
}
