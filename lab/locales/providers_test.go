package locales

import (
	"net/http"
	"strings"

	"github.com/stretchr/testify/require"

	"corral/internal/oidc/oidctest"
	"corral/lab/site"
)

// providers reads the pages of a site whose users log in with a provider.
func (s *story) providers() {
	issuer := oidctest.New(s.t)
	p := &story{site.Open(s.t, "OIDC_ISSUER="+issuer.URL, "OIDC_CLIENT_ID="+issuer.ClientID, "OIDC_CLIENT_SECRET="+issuer.ClientSecret, "OIDC_NAME=1"),
		s.t, s.reader, s.seen}
	const security, link = "/account/security", "/account/security/providers/oidc"
	b := p.browser()
	s.read(b.Get("/login"), 200) // has the provider's button
	for _, behaviour := range []oidctest.Behaviour{{Error: "server_error"}, {Error: "access_denied"}, {Error: "invalid_scope"}} {
		issuer.Behave(behaviour)
		p.viaProvider(b, "/auth/oidc")
		s.read(b.Get("/login"), 200) // says that the provider is down, or that the login was cancelled or refused
	}
	b.Get("/auth/oidc/callback")
	s.read(b.Get("/login"), 200) // the callback had no state
	issuer.Behave(oidctest.Behaviour{})
	p.viaProvider(b, "/auth/oidc")
	s.read(b.Get("/signup"), 200) // the provider named no email
	issuer.Behave(oidctest.Behaviour{Subject: strings.Repeat(`"`, 200), Email: "zoe@example.com"})
	p.viaProvider(b, "/auth/oidc")
	s.read(b.Get("/check-mail"), 200) // the subject is too long for a cookie

	issuer.Behave(oidctest.Behaviour{Email: "zoe@example.com"})
	p.viaProvider(b, "/auth/oidc")
	s.read(b.Get("/check-mail"), 200)
	b.Get("/signup/" + p.Token("identity", "zoe@example.com"))
	s.read(b.Get("/signup/identity"), 200)
	require.Equal(s.t, "/", b.Post("/signup/identity", "sent", "").Location())
	s.read(b.Get(security), 200) // the provider is the only way to log in
	s.read(b.Get("/sudo"), 200)
	issuer.Behave(oidctest.Behaviour{Claims: func(claims map[string]any) { claims["auth_time"] = nil }})
	p.viaProvider(b, "/sudo/oidc")
	s.read(b.Get("/sudo"), 200) // the provider sent no auth_time
	issuer.Behave(oidctest.Behaviour{Subject: "eve"})
	p.viaProvider(b, "/sudo/oidc")
	s.read(b.Get("/sudo"), 200) // the provider named another subject
	issuer.Behave(oidctest.Behaviour{})
	p.viaProvider(b, "/sudo/oidc")
	s.read(b.Get(security), 200)
	s.read(b.Delete(link), 422) // the provider is the last way to log in

	p.SignUp("ada@example.com")
	zoe := b
	b = p.browser()
	b.LogIn("ada@example.com")
	p.viaProvider(b, link)
	s.read(b.Get(security), 200) // the subject is linked to Zoe's account
	issuer.Behave(oidctest.Behaviour{Subject: "2", Email: "ada@example.com"})
	b.LogOut()
	p.ClearLimits()
	p.viaProvider(b, "/auth/oidc")
	b.LogIn("ada@example.com")
	mailed := "/auth/link/" + p.Token("identity", "ada@example.com")
	s.read(zoe.Get(mailed), 404) // the link is of another account
	s.read(b.Get(mailed), 200, "/auth/link/{token}")
	b.Post(mailed, "sent", "")
	s.read(b.Get(security), 200) // says that the provider was linked
	b.Delete(link)
	s.read(b.Get(security), 200) // says that the provider was unlinked
	s.read(b.Get("/account/activity"), 200)
}

// viaProvider follows a link to the provider, and the redirect back.
func (s *story) viaProvider(b *site.Browser, path string) {
	t := s.t
	t.Helper()
	to := b.Send("GET", path, "", "Sec-Fetch-Site", "same-origin")
	require.Equal(t, 302, to.StatusCode)
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Get(to.Location())
	require.NoError(t, err)
	defer answer.Body.Close()
	back, err := answer.Location()
	require.NoError(t, err)
	require.Equal(t, 302, b.Get(back.RequestURI()).StatusCode)
}
