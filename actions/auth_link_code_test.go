package actions

import (
	"html"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/oidc/oidctest"
	"corral/models"
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

// The cookie is limited to 4 KB. An identity that does not fit is left out, and the page says
// so; the login succeeds.
func TestAuthLink_LongIdentities(t *testing.T) {
	label := strings.Repeat("b", 58)
	long := strings.Repeat("a", 64) + "@" + label + "." + label
	for name, c := range map[string]struct {
		subject, email string
		links          bool
	}{
		"of most providers":           {strings.Repeat("s", 64), "ada@example.com", true},
		"ampersands":                  {strings.Repeat("&", 255), "r&d50@example.com", true},
		"long email":                  {strings.Repeat("s", 43+74-22), long + ".example", true}, // as Microsoft's: a subject of 43 bytes, and an issuer of 74, which has 22 here
		"longest email":               {strings.Repeat("s", 21), long + "." + label + ".example", true},
		"longest subject":             {strings.Repeat("s", 255), "ada.lovelace.of.london@example.com", true},
		"quotes, spaces, backslashes": {strings.Repeat("\" \\", 40), "ada@example.com", true},
		"many quotes":                 {strings.Repeat(`"`, 150), "ada@example.com", false},
		"long subject and email":      {strings.Repeat("s", 255), long + "." + label + ".example", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newProviderSite(t)
			codes := s.withSecondStep(c.email)
			b := s.browser()
			b.signUp("dora@example.com") // the cookie also keeps the tokens of two opened links
			b.Get("/signup/" + modelstest.Link(t, "dora@example.com", models.MailSignup))
			modelstest.SignUp(t, "bob@example.com")
			b.Post("/password/forgot", url.Values{"email": {"bob@example.com"}})
			require.Equal(t, "/password/reset", b.Get("/password/reset/"+modelstest.Link(t, "bob@example.com", models.MailReset)).Location())
			s.one.Behave(oidctest.Behaviour{Subject: c.subject, Email: c.email})
			link := b.fromProvider(c.email)
			page := b.Get("/check-mail").Page
			require.Contains(t, html.UnescapeString(page), "We sent an email to "+c.email+".")
			require.Equal(t, !c.links, strings.Contains(page, "told us more than your browser can keep"))
			a := b.Post("/login", url.Values{"email": {c.email}, "password": {modelstest.Password}, "next": {"/account?" + strings.Repeat("a", 390)}})
			require.Equal(t, "/login/second", a.Location())
			require.Equal(t, "/account", b.secondStep(codes[0]).LocationPath())
			require.Equal(t, map[bool]int{true: 200, false: 302}[c.links], b.Get(link).StatusCode)
			if c.links {
				b.Post(link, url.Values{})
				list, err := models.IdentitiesOf(t.Context(), s.user(c.email))
				require.NoError(t, err)
				require.Equal(t, c.subject, list[0].Subject)
			}
		})
	}
}
