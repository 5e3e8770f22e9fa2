package actions

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/models"
	"corral/models/modelstest"
)

// identities returns the issuers of an account's identities.
func (s *providerSite) identities(email string) (issuers []string) {
	s.t.Helper()
	list, err := models.IdentitiesOf(s.t.Context(), s.user(email))
	require.NoError(s.t, err)
	for _, i := range list {
		issuers = append(issuers, i.Issuer)
	}
	return issuers
}

// fromProvider logs in with an unknown identity of the first provider, and returns the mailed
// link.
func (b *browser) fromProvider(email string) (link string) {
	b.site.t.Helper()
	require.Equal(b.site.t, "/check-mail", b.viaProvider("/auth/oidc").LocationPath())
	return "/auth/link/" + modelstest.Link(b.site.t, email, models.MailIdentity)
}

// An unknown identity whose email has an account is linked by the mailed link, after a login
// by password.
func TestAuthLink(t *testing.T) {
	s := newProviderSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	link := b.fromProvider("ada@example.com")
	a := b.Get(link)
	require.Equal(t, 302, a.StatusCode)
	require.Equal(t, "/login?"+url.Values{"next": {link}}.Encode(), a.Location())
	page := b.Get(a.Location()).Page
	require.Equal(t, link, b.logInFrom(page, "ada@example.com").Location())
	page = b.Get(link).Page
	require.Contains(t, page, "You were logged in.")
	require.Contains(t, page, "Link Example &amp; Co?")
	require.Contains(t, page, "logs you in here as ada@example.com")
	require.Empty(t, s.identities("ada@example.com"), "a GET links nothing")
	a = b.Post(link, url.Values{})
	require.Equal(t, 303, a.StatusCode)
	require.Equal(t, "/account/security", a.Location())
	page = b.Get(a.Location()).Page
	require.Equal(t, []string{"Example &amp; Co was linked. You can log in with it from now on."}, apptest.Flashes(page))
	require.Equal(t, []string{s.one.URL}, s.identities("ada@example.com"))
	require.Contains(t, modelstest.Mails(t, "ada@example.com"), models.MailIdentityAdded)
	require.Equal(t, "/", b.Post(link, url.Values{}).Location(), "the link is used")
	require.Equal(t, "/", s.browser().viaProvider("/auth/oidc").Location())
}

// Prevents an attacker from linking an identity by a mail to the owner: a browser that did not
// come from the provider links nothing.
func TestAuthLink_InAnotherBrowser(t *testing.T) {
	s := newProviderSite(t)
	modelstest.SignUp(t, "ada@example.com")
	link := s.browser().fromProvider("ada@example.com")
	b := s.browser()
	require.Equal(t, link, b.logInFrom(b.Get(b.Get(link).Location()).Page, "ada@example.com").Location())
	require.Equal(t, "/", b.Get(link).Location())
	require.Equal(t, 404, b.Post(link, url.Values{}).StatusCode)
	require.Empty(t, s.identities("ada@example.com"))
}

// The link keeps the page that was requested before the login.
func TestAuthLink_KeepsNext(t *testing.T) {
	s := newProviderSite(t)
	modelstest.SignUp(t, "ada@example.com")
	require.Equal(t, "/check-mail", s.browser().viaProvider("/auth/oidc?next=/account/sessions").LocationPath())
	link := "/auth/link/" + modelstest.Link(t, "ada@example.com", models.MailIdentity)
	b := s.browser()
	b.logInFrom(b.Get(b.Get(link).Location()).Page, "ada@example.com")
	require.Equal(t, "/account/sessions", b.Get(link).Location())
}

// A second identity replaces the pending one in the cookie. Then the first link links nothing.
func TestAuthLink_OfAReplacedIdentity(t *testing.T) {
	s := newProviderSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	first := b.fromProvider("ada@example.com")
	b.viaProvider("/auth/oidc2")
	b.logIn("ada@example.com")
	require.Equal(t, "/", b.Get(first).Location())
	require.Equal(t, 404, b.Post(first, url.Values{}).StatusCode)
	require.Empty(t, s.identities("ada@example.com"))
}

// A login to an account with another email drops the pending identity.
func TestAuthLink_OfAnotherAccount(t *testing.T) {
	s := newProviderSite(t)
	for _, email := range []string{"ada@example.com", "eve@example.com"} {
		modelstest.SignUp(t, email)
	}
	b := s.browser()
	link := b.fromProvider("ada@example.com")
	b.logIn("eve@example.com")
	for _, a := range []apptest.Response{b.Get(link), b.Post(link, url.Values{})} {
		require.Equal(t, 404, a.StatusCode)
		require.Contains(t, a.Page, "It belongs to ada@example.com, and you are logged in as eve@example.com.")
	}
	b.logIn("ada@example.com")
	require.Equal(t, "/", b.Get(link).Location(), "eve's login dropped the identity")
	require.Empty(t, s.identities("ada@example.com"))
	require.Empty(t, s.identities("eve@example.com"))
}

func TestAuthLink_OfATakenIdentity(t *testing.T) {
	s := newProviderSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	link := b.fromProvider("ada@example.com")
	s.signUpLinked("eve@example.com")
	b.logIn("ada@example.com")
	a := b.Post(link, url.Values{})
	require.Equal(t, "/account/security", a.Location())
	require.Contains(t, apptest.Flashes(b.Get(a.Location()).Page), "Nothing was changed: this account at Example &amp; Co belongs to another account here.")
	require.Empty(t, s.identities("ada@example.com"))
	require.Equal(t, []string{s.one.URL}, s.identities("eve@example.com"))
}

// The provider is no longer configured.
func TestAuthLink_OfAProviderThatIsGone(t *testing.T) {
	s := newProviderSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	link := b.fromProvider("ada@example.com")
	b.logIn("ada@example.com")
	providers = providers[1:]
	require.Equal(t, "/", b.Get(link).Location())
	require.Equal(t, 404, b.Post(link, url.Values{}).StatusCode)
	require.Empty(t, s.identities("ada@example.com"))
}

// A session that is older than the mail links nothing until the user confirms.
func TestAuthLink_Unconfirmed(t *testing.T) {
	s := newProviderSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.confirmedTenMinutesAgo("ada@example.com")
	link := b.fromProvider("ada@example.com")
	page := b.Get(link).Page
	require.Contains(t, page, `href="/sudo?next=`+link+`"`)
	require.NotContains(t, page, `action="`+link)
	b.Header.Set("Referer", s.URL+link)
	asked := b.Post(link, url.Values{})
	require.Equal(t, "/sudo?"+url.Values{"next": {link}}.Encode(), asked.Location())
	require.Empty(t, s.identities("ada@example.com"))
	require.Equal(t, link, b.Post(asked.Location(), url.Values{"password": {modelstest.Password}}).Location())
	require.Contains(t, b.Get(link).Page, `action="`+link)
	require.Equal(t, "/account/security", b.Post(link, url.Values{}).Location())
	require.Equal(t, []string{s.one.URL}, s.identities("ada@example.com"))
}

func TestAuthLink_ChangedMeanwhile(t *testing.T) {
	s := newProviderSite(t)
	models.Clock.Stop()
	modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	link := b.fromProvider("ada@example.com")
	b.Get("/account/security")         // shows the flash messages
	models.Clock.Move(2 * time.Minute) // the next request updates the session
	end := changeMeanwhile(t, "UPDATE")
	require.Equal(t, "/account/security", b.Post(link, url.Values{}).Location())
	end()
	require.Equal(t, []string{"That was not done: your account was changed meanwhile. Please try again."}, apptest.Flashes(b.Get("/account/security").Page))
	require.Empty(t, s.identities("ada@example.com"))
	require.Equal(t, "/account/security", b.Post(link, url.Values{}).Location())
	require.Equal(t, []string{s.one.URL}, s.identities("ada@example.com"), "the link still works")
}

func TestAuthLink_Dead(t *testing.T) {
	s := newProviderSite(t)
	models.Clock.Stop()
	modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	link := b.fromProvider("ada@example.com")
	b.logIn("ada@example.com")
	for _, dead := range []string{"/auth/link/x", "/auth/link/" + modelstest.Link(t, "ada@example.com", models.MailIdentity) + "x"} {
		require.Equal(t, 404, b.Get(dead).StatusCode)
		require.Equal(t, 404, b.Post(dead, url.Values{}).StatusCode)
		require.Equal(t, 404, s.browser().Get(dead).StatusCode, "logged out")
	}
	models.Clock.Move(24*time.Hour - time.Second)
	b.logIn("ada@example.com")
	require.Equal(t, 200, b.Get(link).StatusCode)
	models.Clock.Move(time.Second)
	require.Equal(t, 404, b.Get(link).StatusCode)
	require.Empty(t, s.identities("ada@example.com"))
}
