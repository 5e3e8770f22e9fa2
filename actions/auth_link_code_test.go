package actions

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/oidc/oidctest"
	"corral/models/modelstest"
)

// A pending identity survives the second step of the login.
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

// The cookie is limited to 4 KB. An identity that does not fit is left out; the login succeeds.
func TestAuthLink_LongIdentities(t *testing.T) {
	label := strings.Repeat("b", 58)
	for name, c := range map[string]struct {
		subject, email string
		links          bool
	}{
		"of most providers": {strings.Repeat("s", 64), "ada@example.com", true},
		"long subject":      {strings.Repeat("s", 150), "ada@example.com", true},
		"longest subject":   {strings.Repeat("s", 255), "ada@example.com", false},
		"quotes":            {strings.Repeat(`"`, 50), "ada@example.com", false},
		"longest email":     {strings.Repeat("s", 64), strings.Repeat("a", 64) + "@" + label + "." + label + "." + label + ".example", false},
		"both":              {strings.Repeat("s", 255), strings.Repeat("a", 64) + "@" + label + "." + label + "." + label + ".example", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newProviderSite(t)
			codes := s.withSecondStep(c.email)
			s.one.Behave(oidctest.Behaviour{Subject: c.subject, Email: c.email})
			b := s.browser()
			link := b.fromProvider(c.email)
			a := b.Post("/login", url.Values{"email": {c.email}, "password": {modelstest.Password}, "next": {"/account?" + strings.Repeat("a", 1014)}})
			require.Equal(t, "/login/second", a.Location())
			require.Equal(t, "/account", b.secondStep(codes[0]).LocationPath())
			require.Equal(t, map[bool]int{true: 200, false: 302}[c.links], b.Get(link).StatusCode)
		})
	}
}
