package actions

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/internal/apptest"
	"corral/models"
	"corral/models/modelstest"
)

const providersPath = "/account/security/providers/"

func TestAccountSecurityProviders_LinkAndUnlink(t *testing.T) {
	s := newProviderSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	page := b.Get("/account/security").Page
	require.Contains(t, page, `href="/account/security/providers/oidc">Link<`)
	require.NotContains(t, page, ">Unlink<")
	version := s.user("ada@example.com").CredentialVersion
	a := b.viaProvider(providersPath + "oidc")
	require.Equal(t, 302, a.StatusCode)
	require.Equal(t, "/account/security", a.Location())
	page = b.Get(a.Location()).Page
	require.Equal(t, []string{"Example &amp; Co was linked. You can log in with it from now on."}, apptest.Flashes(page))
	require.Contains(t, page, "When linked, its email was <bdi>ada@example.com</bdi>")
	require.Contains(t, page, "Not used yet")
	require.Contains(t, page, `href="/account/security/providers/oidc2">Link<`)
	require.NotContains(t, page, `href="/account/security/providers/oidc">`)
	require.Equal(t, version+1, s.user("ada@example.com").CredentialVersion)
	require.Equal(t, "/account/security", b.viaProvider(providersPath+"oidc").Location(), "again: nothing changes")
	require.Equal(t, []string{models.MailIdentityAdded}, modelstest.Mails(t, "ada@example.com"))

	other := s.browser()
	require.Equal(t, "/", other.viaProvider("/auth/oidc").Location())
	a = b.Delete(providersPath+"oidc", url.Values{})
	require.Equal(t, 303, a.StatusCode)
	require.Equal(t, "/account/security", a.Location())
	page = b.Get(a.Location()).Page
	require.Contains(t, apptest.Flashes(page), "Example &amp; Co was unlinked. It no longer logs you in here.")
	require.Contains(t, page, `href="/account/security/providers/oidc">Link<`)
	require.Equal(t, version+2, s.user("ada@example.com").CredentialVersion)
	require.Contains(t, modelstest.Mails(t, "ada@example.com"), models.MailIdentityRemoved)
	require.Equal(t, "/check-mail", s.browser().viaProvider("/auth/oidc").Location(), "as with an unknown identity")
	require.Equal(t, 404, b.Delete(providersPath+"oidc", url.Values{}).StatusCode)
	require.Equal(t, 404, b.Delete(providersPath+"oidc3", url.Values{}).StatusCode)

	require.Equal(t, "/account/security", b.viaProvider(providersPath+"oidc").Location(), "ada can link her own identity again")
	require.Equal(t, []string{s.one.URL}, s.identities("ada@example.com"))
}

func TestAccountSecurityProviders_FormsAreForConfirmedUsers(t *testing.T) {
	s := newProviderSite(t)
	s.signUpLinked("ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	require.Contains(t, b.Get("/account/security").Page, `action="/account/security/providers/oidc"`)
	models.Clock.Move(10 * time.Minute) // the confirmation expires
	require.NotContains(t, b.Get("/account/security").Page, `action="/account/security/providers/`)
}

// An identity that another account has, or unlinked lately, cannot be linked.
func TestAccountSecurityProviders_IdentityOfAnotherAccount(t *testing.T) {
	s := newProviderSite(t)
	s.signUpLinked("eve@example.com")
	modelstest.SignUp(t, "ada@example.com")
	for range 2 { // the second time, eve has unlinked the identity
		b := s.loggedIn("ada@example.com", firefox)
		a := b.viaProvider(providersPath + "oidc")
		require.Equal(t, "/account/security", a.Location())
		require.Contains(t, apptest.Flashes(b.Get(a.Location()).Page), "Nothing was changed: this account at Example &amp; Co belongs to another account here.")
		require.Empty(t, s.identities("ada@example.com"))
		if len(s.identities("eve@example.com")) > 0 {
			require.NoError(t, s.user("eve@example.com").RemoveIdentity(t.Context(), s.one.URL, models.Client{}))
		}
	}
}

// The security page has the buttons of providers only while the user is confirmed.
func TestAccountSecurityProviders_Unconfirmed(t *testing.T) {
	s := newProviderSite(t)
	s.signUpLinked("ada@example.com")
	b := s.confirmedTenMinutesAgo("ada@example.com")
	page := b.Get("/account/security").Page
	require.Contains(t, page, "Example &amp; Co")
	require.NotContains(t, page, providersPath)
	require.Equal(t, "/sudo?next=%2Faccount%2Fsecurity", b.clicks(providersPath+"oidc2").Location())
	require.Equal(t, "/sudo", b.Delete(providersPath+"oidc", url.Values{}).LocationPath())
	require.Equal(t, []string{s.one.URL}, s.identities("ada@example.com"))
}

// onlyByProvider creates an account that can log in only with a provider, and logs in.
func (s *providerSite) onlyByProvider(email string) *browser {
	s.t.Helper()
	user, err := models.CreateUser(s.t.Context(), email, "")
	require.NoError(s.t, err)
	require.NoError(s.t, user.AddIdentity(s.t.Context(), s.identity(), models.Client{}))
	b := s.with("User-Agent", firefox)
	require.Equal(s.t, "/", b.viaProvider("/auth/oidc").Location())
	b.Get("/") // shows the flash message
	return b
}

// The page says what is enough to log in, with and without a passkey.
func TestAccountSecurityProviders_WithoutAPassword(t *testing.T) {
	s := newProviderSite(t)
	b := s.onlyByProvider("ada@example.com")
	const says = `<p class="lead"><span>An account that you have elsewhere is enough to log in, also for anyone who gets into that account.</span> <span>`
	require.Contains(t, b.Get("/account/security").Page, says+"Add a passkey or an authenticator app.</span>")
	s.addPasskey("ada@example.com")
	page := b.Get("/account/security").Page
	require.Contains(t, page, says+"Turn on the second step below.</span>")
	require.NotContains(t, page, "password alone")
}

// A user cannot unlink the last way to log in.
func TestAccountSecurityProviders_LastWayIn(t *testing.T) {
	s := newProviderSite(t)
	b := s.onlyByProvider("ada@example.com")
	require.Equal(t, "/account/security", b.viaProvider("/sudo/oidc?next=/account/security").Location())
	a := b.Delete(providersPath+"oidc", url.Values{})
	require.Equal(t, 422, a.StatusCode)
	require.Contains(t, a.Page, `role="alert" tabindex="-1" autofocus>You could no longer log in without it.`)
	require.Equal(t, []string{s.one.URL}, s.identities("ada@example.com"))
	b.viaProvider(providersPath + "oidc2")
	require.Equal(t, 303, b.Delete(providersPath+"oidc", url.Values{}).StatusCode, "another identity is left")
	require.Equal(t, 422, b.Delete(providersPath+"oidc2", url.Values{}).StatusCode)
	require.Equal(t, "/account", b.Put("/account/password", url.Values{"password": {modelstest.Password}}).Location())
	require.Equal(t, 303, b.Delete(providersPath+"oidc2", url.Values{}).StatusCode, "a password is left")
}

// A provider's answer that arrives after a change of the session links nothing.
func TestAccountSecurityProviders_LinksForItsSessionOnly(t *testing.T) {
	s := newProviderSite(t)
	for _, email := range []string{"ada@example.com", "eve@example.com"} {
		modelstest.SignUp(t, email)
	}
	b := s.loggedIn("ada@example.com", firefox)
	for name, change := range map[string]func(){
		"another account":     func() { b.logIn("eve@example.com") },
		"a new session":       func() { b.logIn("ada@example.com") },
		"logged out":          func() { b.logOut() },
		"ten minutes later":   func() { models.Clock.Move(10 * time.Minute) },
		"ended elsewhere":     func() { require.NoError(t, models.DB.RawQuery("DELETE FROM sessions").Exec()) },
		"the cookie was lost": func() { b.RefuseCookies() },
	} {
		t.Run(name, func(t *testing.T) {
			b.Browser = s.loggedIn("ada@example.com", firefox).Browser
			back := b.toProvider(providersPath + "oidc")
			change()
			require.Equal(t, "/login", b.Get(back).LocationPath())
			require.Empty(t, s.identities("ada@example.com"))
			require.Empty(t, s.identities("eve@example.com"))
		})
	}
}

// A state names its session: even with the browser secret of another session of the same
// account, it is refused.
func TestAccountSecurityProviders_StateNamesItsSession(t *testing.T) {
	s := newProviderSite(t)
	s.signUpLinked("ada@example.com")
	for _, path := range []string{"/sudo/oidc?next=/account/security", providersPath + "oidc2"} {
		ada, other := s.loggedIn("ada@example.com", firefox), s.loggedIn("ada@example.com", safari)
		back, err := url.Parse(ada.toProvider(path))
		require.NoError(t, err)
		other.toProvider(path)
		query := back.Query()
		state, err := states.Open(query.Get("state"), strings.Split(back.Path, "/")[2], ada.browserSecret())
		require.NoError(t, err)
		query.Set("state", states.Seal(*state, other.browserSecret()))
		require.Equal(t, "/login", other.Get(back.Path+"?"+query.Encode()).Location(), path)
		require.Equal(t, []string{s.one.URL}, s.identities("ada@example.com"))
		require.Equal(t, "/account/security", ada.Get(back.RequestURI()).Location(), path)
	}
	require.Len(t, s.identities("ada@example.com"), 2)
}

// browserSecret returns the secret that binds states to the browser.
func (b *browser) browserSecret() string {
	request := httptest.NewRequest("GET", "/", nil)
	request.AddCookie(&http.Cookie{Name: sessionCookieName, Value: b.sessionCookie()})
	session, err := newSessionStore(settings).New(request, sessionCookieName)
	require.NoError(b.site.t, err)
	return session.Values["browser"].(string)
}

// The confirmation may expire while the user is at the provider.
func TestAccountSecurityProviders_ConfirmedUntilItLinks(t *testing.T) {
	s := newProviderSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	b.Get("/") // shows the flash message
	models.Clock.Move(9 * time.Minute)
	back := b.toProvider(providersPath + "oidc")
	models.Clock.Move(2 * time.Minute)
	b.requireAlert(b.Get(back), "/account/security", "Nothing was changed yet. Confirm that it is you")
	require.Empty(t, s.identities("ada@example.com"))
	b.confirm(modelstest.Password)
	require.Equal(t, "/account/security", b.Get(back).Location())
	require.Equal(t, []string{s.one.URL}, s.identities("ada@example.com"))
}

// With SECOND_FACTOR=required, only the enrolment is open, and a provider is no second step.
func TestAccountSecurityProviders_WhileEnrolling(t *testing.T) {
	s := newProviderSite(t, func(c *config.Config) { c.SecondStepRequired = true })
	modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	link := b.fromProvider("ada@example.com")
	b.logIn("ada@example.com")
	require.Equal(t, "/account/security", b.clicks(providersPath+"oidc").Location())
	require.Equal(t, "/account/security", b.Get(link).Location())
	require.Equal(t, "/account/security", b.Post(link, url.Values{}).Location())
	require.Empty(t, s.identities("ada@example.com"))
	require.NotContains(t, b.Get("/account/security").Page, "Accounts elsewhere")

	setSecondStep := func(on bool) {
		require.NoError(t, models.DB.RawQuery("UPDATE users SET second_step = ?", on).Exec())
	}
	setSecondStep(true)
	back := b.toProvider(providersPath + "oidc")
	setSecondStep(false) // by another session, meanwhile
	require.Equal(t, "/account/security", b.Get(back).Location())
	require.Empty(t, s.identities("ada@example.com"))
}
