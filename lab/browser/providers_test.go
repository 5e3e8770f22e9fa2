package browser

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/oidc/oidctest"
	"corral/lab/binary"
	"corral/lab/services"
)

// openNodes starts a provider, and two nodes with one database behind a proxy that
// alternates between them.
func openNodes(t *testing.T) (*site, *oidctest.Issuer) {
	t.Helper()
	requireChromium(t, person{})
	issuer := oidctest.New(t, func(i *oidctest.Issuer) { i.TLS = certificate().TLS() })
	ports := []string{binary.FreePort(t), binary.FreePort(t)}
	nodes, turn := []http.Handler{reverseProxy("127.0.0.1:" + ports[0]), reverseProxy("127.0.0.1:" + ports[1])}, atomic.Int64{}
	proxy := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		nodes[turn.Add(1)%2].ServeHTTP(w, r)
	}))
	proxy.Config.ErrorLog = log.New(io.Discard, "", 0) // Chromium drops connections
	proxy.TLS = certificate().TLS()
	proxy.StartTLS()
	t.Cleanup(proxy.Close)
	s := &site{dir: t.TempDir(), mails: services.OpenMailbox(t, certificate()), provider: issuer.URL}
	s.url = "https://" + net.JoinHostPort(siteName, portOf(t, proxy.URL))
	s.env = binary.Production("HOST="+s.url, s.mails.Variable, certificate().Variable(),
		"OIDC_ISSUER="+issuer.URL, "OIDC_CLIENT_ID="+issuer.ClientID, "OIDC_CLIENT_SECRET="+issuer.ClientSecret, "OIDC_NAME=Example")
	for _, port := range ports {
		s.app = binary.Start(t, s.dir, append(s.env[:len(s.env):len(s.env)], "PORT="+port)...)
	}
	return s, issuer
}

const loginProvider = `main a[href^="/auth/oidc"]`

// TestProviders signs up, confirms and links with a provider, on two nodes.
func TestProviders(t *testing.T) {
	t.Parallel()
	for _, language := range languages(t) {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			s, issuer := openNodes(t)
			signUpByProvider(t, s, issuer, person{language: language, looks: true})
			linkProvider(t, s, issuer, person{language: language, looks: true})
		})
	}
}

// Providers work without JavaScript, too.
func TestProviders_WithoutJavaScript(t *testing.T) {
	t.Parallel()
	s, issuer := openNodes(t)
	signUpByProvider(t, s, issuer, person{noScript: true})
	linkProvider(t, s, issuer, person{noScript: true})
}

func signUpByProvider(t *testing.T, s *site, issuer *oidctest.Issuer, p person) {
	t.Helper()
	zoe := &story{browser: openBrowser(t, s, p), email: "zoe@example.com"}
	issuer.Behave(oidctest.Behaviour{Error: "access_denied"})
	zoe.visit("/login?next=%2Faccount")
	zoe.see("login-provider")
	zoe.press(loginProvider)
	require.Equal(t, "/login", zoe.path())
	zoe.see("login-provider-cancelled")
	issuer.Behave(oidctest.Behaviour{Subject: "zoe", Email: zoe.email})
	zoe.press(loginProvider)
	require.Equal(t, "/check-mail", zoe.path())
	zoe.see("check-mail-provider")
	zoe.visit(s.mails.Link(t, zoe.email, "/signup/"))
	require.Equal(t, "/signup/identity", zoe.path())
	zoe.see("signup-identity")
	zoe.press(`[action="/signup/identity"] [type=submit]`)
	require.Equal(t, "/account", zoe.path(), "the page in next")
	zoe.logOutQuietly()
	zoe.visit("/login")
	zoe.press(loginProvider)
	require.Equal(t, "/", zoe.path())

	zoe.visit("/account/security")
	zoe.see("security-provider-unconfirmed")
	zoe.press(`main [aria-labelledby=providers-heading] a`)
	require.Equal(t, "/sudo", zoe.path())
	zoe.see("sudo-provider")
	zoe.press(`main a[href^="/sudo/oidc"]`)
	require.Equal(t, "/account/security", zoe.path())
	zoe.press(`main [action="/account/security/providers/oidc"] [type=submit]`)
	require.True(t, zoe.has(`[aria-labelledby=providers-heading] [role=alert]`), "the last way to log in stays")
	zoe.see("security-provider-last")
}

func linkProvider(t *testing.T, s *site, issuer *oidctest.Issuer, p person) {
	t.Helper()
	ada := s.signedUpAs(t, "ada@example.com", p)
	ada.logOutQuietly()
	issuer.Behave(oidctest.Behaviour{Subject: "ada", Email: ada.email})
	ada.visit("/signup")
	ada.press(loginProvider)
	require.Equal(t, "/check-mail", ada.path())
	ada.visit(s.mails.Link(t, ada.email, "/auth/link/"))
	require.Equal(t, "/login", ada.path())
	ada.logIn(ada.password)
	ada.see("auth-link")
	ada.press(`main [action^="/auth/link/"] [type=submit]`)
	require.Equal(t, "/account/security", ada.path())
	require.Len(t, ada.flashes(), 1)
	ada.see("security-provider")
	const unlink = `main [action="/account/security/providers/oidc"] [type=submit]`
	ada.press(unlink)
	require.False(t, ada.has(unlink))
	ada.press(`main a[href="/account/security/providers/oidc"]`)
	require.Equal(t, "/account/security", ada.path())
	require.True(t, ada.has(unlink), "the provider is linked again")
	ada.logOutQuietly()
	ada.visit("/login")
	ada.press(loginProvider)
	require.Equal(t, "/", ada.path())
}
