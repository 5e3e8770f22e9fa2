package actions

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/internal/apptest"
	"corral/internal/oidc"
	"corral/internal/oidc/oidctest"
	"corral/models"
	"corral/models/modelstest"
)

// providerSite is a site with two providers, at /auth/oidc and /auth/oidc2.
type providerSite struct {
	*site
	one, two *oidctest.Issuer
}

func newProviderSite(t testing.TB, changes ...func(*config.Config)) *providerSite {
	t.Helper()
	return startProviderSite(t, newSite, changes...)
}

func startProviderSite(t testing.TB, start func(testing.TB, ...func(*config.Config)) *site, changes ...func(*config.Config)) *providerSite {
	t.Helper()
	clocked := func(i *oidctest.Issuer) { i.Now = models.Clock.Now }
	p := &providerSite{one: oidctest.New(t, clocked), two: oidctest.New(t, clocked)}
	changes = append(changes, func(c *config.Config) {
		c.Providers = []config.Provider{providerConfig(t, "oidc", p.one, "Example & Co"), providerConfig(t, "oidc2", p.two, "Other")}
	})
	modelstest.Configure(t, changes...)
	p.site = start(t, changes...)
	return p
}

func providerConfig(t testing.TB, id string, i *oidctest.Issuer, name string) config.Provider {
	t.Helper()
	issuer, err := url.Parse(i.URL)
	require.NoError(t, err)
	return config.Provider{ID: id, Issuer: issuer, ClientID: i.ClientID, ClientSecret: i.ClientSecret, Name: name}
}

// identity is Ada's at the first provider.
func (s *providerSite) identity() oidc.Identity {
	return oidc.Identity{Issuer: s.one.URL, Subject: "ada", Email: "ada@example.com"}
}

// linked creates an account that can log in with a password and with the first
// provider.
func (s *providerSite) signUpLinked(email string) {
	s.t.Helper()
	require.NoError(s.t, modelstest.SignUp(s.t, email).AddIdentity(s.t.Context(), s.identity(), models.Client{}))
}

// clicks follows a link on a page of the app.
func (b *browser) clicks(path string) apptest.Response {
	b.site.t.Helper()
	b.Header.Set("Sec-Fetch-Site", "same-origin")
	defer b.Header.Del("Sec-Fetch-Site")
	return b.Get(path)
}

// toProvider clicks a link that leads to a provider, logs in there, and returns the app's
// path that the provider redirects to.
func (b *browser) toProvider(path string) (back string) {
	t := b.site.t
	t.Helper()
	a := b.clicks(path)
	require.Equal(t, 302, a.StatusCode)
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Get(a.Location())
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, 302, answer.StatusCode, a.Location())
	at, err := answer.Location()
	require.NoError(t, err)
	require.Equal(t, settings.Host.Host, at.Host)
	return at.RequestURI()
}

// viaProvider goes to a provider and comes back.
func (b *browser) viaProvider(path string) apptest.Response {
	b.site.t.Helper()
	return b.Get(b.toProvider(path))
}

// requireAlert requires a redirect to a page with one alert, which begins with text.
func (b *browser) requireAlert(a apptest.Response, location, text string) {
	t := b.site.t
	t.Helper()
	require.Equal(t, 302, a.StatusCode)
	require.Equal(t, location, a.Location())
	alerts := apptest.Flashes(b.Get(a.Location()).Page)
	require.Len(t, alerts, 1)
	require.True(t, strings.HasPrefix(alerts[0], text), alerts[0])
}

// A login with a provider begins on a page of this app. Prevents an attacker's link from
// starting one.
func TestProvider_BeginsOnOwnPages(t *testing.T) {
	s := newProviderSite(t)
	s.signUpLinked("ada@example.com")
	ada, guest := s.loggedIn("ada@example.com", firefox), s.browser()
	for b, paths := range map[*browser][]string{guest: {"/auth/oidc"}, ada: {"/auth/oidc2", "/sudo/oidc", "/account/security/providers/oidc"}} {
		for _, path := range paths {
			for _, header := range []http.Header{
				{}, {"Sec-Fetch-Site": {"cross-site"}}, {"Sec-Fetch-Site": {"same-site"}}, {"Sec-Fetch-Site": {"none"}},
				{"Referer": {"https://evil.example/"}}, {"Sec-Fetch-Site": {"cross-site"}, "Referer": {s.URL + "/login"}},
			} {
				b.Header = header
				a := b.Get(path)
				require.Equal(t, 403, a.StatusCode, path)
				require.Contains(t, a.Page, "That was refused")
			}
			for _, header := range []http.Header{{"Sec-Fetch-Site": {"same-origin"}}, {"Referer": {s.URL + "/login"}}} {
				b.Header = header
				require.Equal(t, 302, b.Get(path).StatusCode)
			}
		}
	}
	require.Equal(t, 404, guest.clicks("/auth/oidc3").StatusCode)
	require.Equal(t, 404, guest.Get("/auth/oidc3/callback").StatusCode)
}

// A form's return path must not lead to a provider: browsers that do not apply form-action
// to redirects follow it.
func TestProvider_NoReturnPathLeadsToAProvider(t *testing.T) {
	newProviderSite(t)
	for path, want := range map[string]string{
		"/auth/oidc": "", "/auth/oidc/": "", "/auth/oidc?next=/": "", "/auth/%6fidc": "", "/auth/oidc/callback?state=x": "",
		"/auth/link/x":       "/auth/link/x",
		"/sudo/oidc":         "",
		"/sudo/oidc?next=/a": "/a", "/sudo/oidc?next=/auth/oidc": "",
		"/account/security/providers/oidc": "/account/security", "/account/%73ecurity/providers/oidc2": "/account/security",
	} {
		require.Equal(t, want, returnPath(path), path)
	}
}

func TestProvider_Down(t *testing.T) {
	s := newProviderSite(t)
	s.signUpLinked("ada@example.com")
	s.one.Behave(oidctest.Behaviour{Endpoints: map[string]http.HandlerFunc{oidctest.DiscoveryPath: oidctest.Fail}})
	b := s.browser()
	b.requireAlert(b.clicks("/auth/oidc?next=/account"), "/login?next=%2Faccount", "Example &amp; Co cannot be reached.")
	require.Contains(t, b.Get("/login").Page, `href="/auth/oidc"`)
	ada := s.loggedIn("ada@example.com", firefox)
	ada.Get("/") // shows the flash message
	ada.requireAlert(ada.clicks("/account/security/providers/oidc"), "/account/security", "Example &amp; Co cannot be reached.")
	ada.requireAlert(ada.clicks("/sudo/oidc?next=/account"), "/sudo?next=%2Faccount", "Example &amp; Co cannot be reached.")
	s.one.Behave(oidctest.Behaviour{})
	require.Equal(t, "/", b.viaProvider("/auth/oidc").Location(), "the provider is up again")
}

func TestProvider_ButtonsOfPages(t *testing.T) {
	s := newProviderSite(t)
	b := s.browser()
	for _, path := range []string{"/login", "/signup"} {
		page := b.Get(path + "?next=/account%3Fa%3D1").Page
		require.Contains(t, page, `href="/auth/oidc?next=%2Faccount%3Fa%3D1">Log in with Example &amp; Co</a>`)
		require.Contains(t, page, `href="/auth/oidc2?next=%2Faccount%3Fa%3D1">Log in with Other</a>`)
	}
	none := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	require.NotContains(t, none.browser().Get("/login").Page, "/auth/")
	require.NotContains(t, none.loggedIn("ada@example.com", firefox).Get("/account/security").Page, "Accounts elsewhere")
	require.Equal(t, 404, none.browser().clicks("/auth/oidc").StatusCode)
}

// field returns the value of a hidden field.
func field(page, name string) string {
	_, rest, _ := strings.Cut(page, `<input type="hidden" name="`+name+`" value="`)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}
