package actions

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gobuffalo/buffalo"
	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/internal/apptest"
	"corral/internal/oidc/oidctest"
	"corral/models"
	"corral/models/modelstest"
)

func TestAuth_LogsIn(t *testing.T) {
	s := newProviderSite(t)
	s.signUpLinked("ada@example.com")
	s.loggedIn("ada@example.com", safari) // the first browser causes no mail
	b := s.with("User-Agent", firefox)
	a := b.viaProvider("/auth/oidc?next=/account%3Fa%3D1")
	require.Equal(t, 302, a.StatusCode)
	require.Equal(t, "/account?a=1", a.Location())
	require.Equal(t, []string{"You were logged in."}, apptest.Flashes(b.Get("/account").Page))
	b.requireLoggedIn("ada@example.com")
	require.Equal(t, "/sudo", b.Delete("/account", nil).LocationPath(), "a login with a provider does not confirm")
	require.NotContains(t, b.Get("/account/sessions").Page, "Stays logged in")
	require.Contains(t, modelstest.Mails(t, "ada@example.com"), models.MailNewBrowser)
	identities, err := models.IdentitiesOf(t.Context(), s.user("ada@example.com"))
	require.NoError(t, err)
	require.True(t, identities[0].LastUsedAt.Valid)
}

// A provider's tokens are used up by the login: a copied cookie must not contain them.
func TestAuth_KeepsNoTokens(t *testing.T) {
	s := newProviderSite(t)
	var session map[any]any
	readSession := func(c buffalo.Context) error {
		session = c.Session().Session.Values
		return c.Render(http.StatusNoContent, nil)
	}
	app.Middleware.Skip(Authorize, readSession)
	app.GET("/test/session", readSession)
	stranger := s.browser()
	require.Equal(t, "/check-mail", stranger.viaProvider("/auth/oidc").Location())
	stranger.Get("/test/session")
	const browserKey = "browser" // the secret of package oidc that binds a login to its browser
	require.ElementsMatch(t, []any{mailedToKey, mailedForKey, pendingKey, browserKey}, slices.Collect(maps.Keys(session)))
	require.NotContains(t, fmt.Sprint(session), "eyJ", "an ID token begins with it")

	s.signUpLinked("ada@example.com")
	b := s.browser()
	require.Equal(t, "/", b.viaProvider("/auth/oidc").Location())
	b.Get("/")
	b.Get("/test/session")
	require.ElementsMatch(t, []any{tokenKey}, slices.Collect(maps.Keys(session)))
	for _, path := range []string{"/sudo/oidc", providersPath + "oidc"} { // confirms, links
		b.Get(b.viaProvider(path).Location())
		b.Get("/test/session")
		require.ElementsMatch(t, []any{tokenKey, browserKey}, slices.Collect(maps.Keys(session)), path)
	}
}

// A login ends the session that the browser had.
func TestAuth_SwitchesAccounts(t *testing.T) {
	s := newProviderSite(t)
	s.signUpLinked("ada@example.com")
	modelstest.SignUp(t, "eve@example.com")
	b, copied := s.loggedIn("eve@example.com", firefox), s.browser()
	copied.SetCookie(sessionCookieName, b.sessionCookie())
	require.Equal(t, "/", b.viaProvider("/auth/oidc").Location())
	b.requireLoggedIn("ada@example.com")
	copied.requireLoggedOut()
}

// A login that a guest began at a provider ends with a login in another tab.
func TestAuth_BegunBeforeALogin(t *testing.T) {
	s := newProviderSite(t)
	s.signUpLinked("ada@example.com")
	modelstest.SignUp(t, "eve@example.com")
	b := s.browser()
	back := b.toProvider("/auth/oidc")
	b.logIn("eve@example.com")
	b.Get("/") // shows the flash message
	a := b.Get(back)
	require.Equal(t, "/login", a.Location())
	b.Get(a.Location()) // redirects: the browser is logged in
	require.Contains(t, apptest.Flashes(b.Get("/").Page), "That took too long, or it did not begin in this browser. Please try again.")
	b.requireLoggedIn("eve@example.com")
}

// Two tabs of one browser do not disturb each other.
func TestAuth_TwoTabs(t *testing.T) {
	s := newProviderSite(t)
	s.signUpLinked("ada@example.com")
	b := s.browser()
	one, other := b.toProvider("/auth/oidc?next=/account"), b.toProvider("/auth/oidc2")
	require.Equal(t, "/check-mail", b.Get(other).Location())
	require.Equal(t, "/account", b.Get(one).Location())
}

// An identity is an issuer and a subject. A claimed email logs no user in.
func TestAuth_EmailClaimLogsNobodyIn(t *testing.T) {
	s := newProviderSite(t)
	s.signUpLinked("ada@example.com")
	s.one.Behave(oidctest.Behaviour{Email: "eve@example.com"})
	b := s.browser()
	require.Equal(t, "/", b.viaProvider("/auth/oidc").Location(), "ada's email at the provider changed")
	b.requireLoggedIn("ada@example.com")
	identities, err := models.IdentitiesOf(t.Context(), s.user("ada@example.com"))
	require.NoError(t, err)
	require.Equal(t, "ada@example.com", identities[0].Email, "the claim is read once")

	for name, path := range map[string]string{"another subject": "/auth/oidc", "another issuer": "/auth/oidc2"} {
		s.one.Behave(oidctest.Behaviour{Subject: "mallory", Email: "ada@example.com"})
		s.two.Behave(oidctest.Behaviour{Subject: "ada", Email: "ada@example.com"})
		mallory := s.browser()
		require.Equal(t, "/check-mail", mallory.viaProvider(path).Location(), name)
		mallory.requireLoggedOut()
	}
}

// The email of an unknown identity gets a link, which creates an account in this browser.
func TestAuth_SignsUp(t *testing.T) {
	s := newProviderSite(t)
	s.one.Behave(oidctest.Behaviour{Email: " Zoe@Example.com"})
	b := s.browser()
	a := b.viaProvider("/auth/oidc?next=/account")
	require.Equal(t, "/check-mail?next=%2Faccount", a.Location())
	page := b.Get(a.Location()).Page
	require.Contains(t, page, "We sent an email to zoe@example.com.")
	require.Contains(t, page, "24 hours")
	link := "/signup/" + modelstest.Link(t, "zoe@example.com", models.MailIdentity)
	require.Equal(t, "/signup/identity", b.Get(link).Location())
	page = b.Get("/signup/identity").Page
	require.Contains(t, page, "For zoe@example.com. You then log in with Example &amp; Co")
	require.NotContains(t, page, `type="password"`)
	form := signupForm("")
	form.Set("link", field(page, "link"))
	a = b.Post("/signup/identity", form)
	require.Equal(t, 303, a.StatusCode)
	require.Equal(t, "/account", a.Location())
	b.requireLoggedIn("zoe@example.com")
	require.False(t, s.user("zoe@example.com").HasPassword())
	require.Equal(t, "/sudo", b.Delete("/account", nil).LocationPath(), "not confirmed")
	require.Equal(t, "/", b.Post("/signup/identity", signupForm("")).Location(), "a second press leads home")

	other := s.browser()
	require.Equal(t, "/", other.viaProvider("/auth/oidc").Location())
	other.requireLoggedIn("zoe@example.com")
	require.Contains(t, other.Get("/account/security").Page, "An account that you have elsewhere is enough to log in")
}

// In another browser, such as that of the email's owner, the link asks for a password.
func TestAuth_SignUpInAnotherBrowser(t *testing.T) {
	s := newProviderSite(t)
	mallory, zoe := s.browser(), s.browser()
	s.one.Behave(oidctest.Behaviour{Subject: "mallory", Email: "zoe@example.com"})
	mallory.viaProvider("/auth/oidc")
	link := "/signup/" + modelstest.Link(t, "zoe@example.com", models.MailIdentity)
	require.Equal(t, "/signup/password", zoe.Get(link).Location())
	require.Equal(t, "/signup/password", zoe.Get("/signup/identity").Location())
	require.Equal(t, 404, zoe.Post("/signup/identity", signupForm("")).StatusCode)
	require.Equal(t, "/", zoe.choosePassword(modelstest.Password).Location())
	identities, err := models.IdentitiesOf(t.Context(), s.user("zoe@example.com"))
	require.NoError(t, err)
	require.Empty(t, identities)
	require.Equal(t, "/check-mail", mallory.viaProvider("/auth/oidc").Location())
	mallory.requireLoggedOut()
}

// A link stands only for the identity of the login that it was mailed for.
func TestAuth_SignUpWithAnotherLink(t *testing.T) {
	s := newProviderSite(t)
	b := s.browser()
	b.viaProvider("/auth/oidc")
	first := modelstest.Link(t, "ada@example.com", models.MailIdentity)
	b.viaProvider("/auth/oidc2")
	second := modelstest.Link(t, "ada@example.com", models.MailIdentity)
	require.Equal(t, "/signup/password", b.Get("/signup/"+first).Location())
	require.Equal(t, "/signup/identity", b.Get("/signup/"+second).Location())
	b.Post("/signup/identity", signupForm(""))
	identities, err := models.IdentitiesOf(t.Context(), s.user("ada@example.com"))
	require.NoError(t, err)
	require.Len(t, identities, 1)
	require.Equal(t, s.two.URL, identities[0].Issuer)
}

// The page offers only the identity that the opened link stands for.
func TestAuth_SignUpPageOfAnotherLink(t *testing.T) {
	s := newProviderSite(t)
	b := s.browser()
	b.viaProvider("/auth/oidc")
	require.Equal(t, "/signup/identity", b.Get("/signup/"+modelstest.Link(t, "ada@example.com", models.MailIdentity)).Location())
	b.viaProvider("/auth/oidc2")
	require.Equal(t, "/signup/password", b.Get("/signup/identity").Location())
}

// The form is bound to the link that it was rendered for.
func TestAuth_SignUpFormOfAnotherLink(t *testing.T) {
	s := newProviderSite(t)
	b := s.browser()
	b.viaProvider("/auth/oidc")
	b.Get("/signup/" + modelstest.Link(t, "ada@example.com", models.MailIdentity))
	page := b.Get("/signup/identity").Page
	form := url.Values{"link": {field(page, "link")}, "username": {field(page, "username")}}
	s.browser().signUp("eve@example.com")
	b.Get("/signup/" + modelstest.Link(t, "eve@example.com", models.MailSignup))
	a := b.Post("/signup/identity", form)
	require.Equal(t, 422, a.StatusCode)
	require.Contains(t, a.Page, "This form was for ada@example.com.")
	require.Equal(t, 404, b.Post("/signup/identity", signupForm("")).StatusCode)
	require.Equal(t, 404, s.browser().Get("/signup/identity").StatusCode)
	_, err := models.FindUserByEmail(t.Context(), "ada@example.com")
	require.ErrorIs(t, err, models.ErrNotFound)
}

// An identity that another account has, or unlinked lately, creates no account.
func TestAuth_SignUpWithATakenIdentity(t *testing.T) {
	for name, take := range map[string]func(s *providerSite){
		"unlinked": func(s *providerSite) {
			require.NoError(s.t, s.user("eve@example.com").RemoveIdentity(s.t.Context(), s.one.URL, models.Client{}))
		},
		"deleted account": func(s *providerSite) {
			require.NoError(s.t, s.user("eve@example.com").Delete(s.t.Context(), models.Client{}))
		},
		"linked meanwhile": nil, // after the provider's answer
	} {
		t.Run(name, func(t *testing.T) {
			s := newProviderSite(t)
			if take != nil {
				s.signUpLinked("eve@example.com")
				take(s)
			}
			b := s.browser()
			require.Equal(t, "/check-mail", b.viaProvider("/auth/oidc").Location(), "as with an unknown identity")
			if take == nil {
				s.signUpLinked("eve@example.com")
			}
			b.Get("/signup/" + modelstest.Link(t, "ada@example.com", models.MailIdentity))
			a := b.Post("/signup/identity", signupForm(""))
			require.Equal(t, "/signup/password", a.Location())
			require.Equal(t, []string{"Nothing was changed: this account at Example &amp; Co belongs to another account here."}, apptest.Flashes(b.Get(a.Location()).Page))
			require.Equal(t, 404, b.Post("/signup/identity", signupForm("")).StatusCode)
			require.Equal(t, "/", b.choosePassword(modelstest.Password).Location())
		})
	}
}

func TestAuth_WithoutAnEmail(t *testing.T) {
	for _, claim := range []string{"", "no email", strings.Repeat("x", 250) + "@example.com"} {
		s := newProviderSite(t)
		s.one.Behave(oidctest.Behaviour{Email: claim})
		b := s.browser()
		b.requireAlert(b.viaProvider("/auth/oidc?next=/account"), "/signup?next=%2Faccount", "Example &amp; Co told us no email address.")
	}
	s := newProviderSite(t, func(c *config.Config) { c.SignupOpen = false })
	s.one.Behave(oidctest.Behaviour{Email: "no email"})
	b := s.browser()
	b.requireAlert(b.viaProvider("/auth/oidc"), "/login", "Example &amp; Co told us no email address. Once you are logged in here, link")
}

// Nothing tells whether the email of an unknown identity has an account.
func TestAuth_UnknownIdentitiesAreAlike(t *testing.T) {
	for _, open := range []bool{true, false} {
		var pages []string
		for _, prepare := range kindsOfEmail {
			s := newProviderSite(t, func(c *config.Config) { c.SignupOpen = open })
			prepare(t, "ada@example.com")
			b := s.browser()
			a := b.viaProvider("/auth/oidc")
			require.Equal(t, 302, a.StatusCode)
			require.Equal(t, "/check-mail", a.Location())
			next := b.Get(a.Location())
			a.Header.Del("X-Request-Id")
			a.Header.Del("Date")
			a.Header.Del("Set-Cookie")
			pages = append(pages, a.Page+next.Page, b.shape(a))
		}
		for i := range pages[2:] { // pages has two texts for each kind of email
			require.Equal(t, pages[i%2], pages[2+i])
		}
	}
}

// shape returns what must not differ between two answers: headers, and the cookie's length.
func (b *browser) shape(a apptest.Response) string {
	text := []string{a.Status, strings.Repeat("x", len(b.sessionCookie()))}
	for _, name := range []string{"Location", "Retry-After", "Content-Type", "Clear-Site-Data", "Content-Length"} {
		text = append(text, name+": "+a.Header.Get(name))
	}
	return strings.Join(text, "\n")
}

// Mails to unknown identities and mails of sign-ups share one limit.
func TestAuth_MailsAreLimited(t *testing.T) {
	s := newProviderSite(t)
	for range 3 {
		s.browser().signUp("ada@example.com")
	}
	b := s.browser()
	require.Equal(t, "/check-mail", b.viaProvider("/auth/oidc").Location())
	require.NotContains(t, modelstest.Mails(t, "ada@example.com"), models.MailIdentity)

	s = newProviderSite(t)
	b = s.browser()
	s.one.Behave(oidctest.Behaviour{Email: "ada@example.com", Claims: func(claims map[string]any) { claims["auth_time"] = models.Clock.Now().Unix() }})
	var shapes []string
	for range 4 {
		shapes = append(shapes, b.shape(b.viaProvider("/auth/oidc")))
	}
	require.Len(t, modelstest.Mails(t, "ada@example.com"), 3)
	require.Equal(t, shapes[2], shapes[3], "nothing tells that the fourth mail was withheld")
	require.Equal(t, "/signup/identity", b.Get("/signup/"+modelstest.Link(t, "ada@example.com", models.MailIdentity)).Location())

	s = newProviderSite(t, func(c *config.Config) { c.MailsPerClient = 1 })
	b = s.browser()
	require.Equal(t, "/check-mail", b.viaProvider("/auth/oidc").Location())
	a := b.viaProvider("/auth/oidc?next=/account")
	require.Empty(t, a.Header.Get("Retry-After"))
	b.requireAlert(a, "/login?next=%2Faccount", "Too many attempts.")
}

// Failures count against the rate limit of the client, as wrong passwords do.
func TestAuth_FailuresAreLimited(t *testing.T) {
	s := newProviderSite(t)
	models.Clock.Stop()
	s.signUpLinked("ada@example.com")
	b := s.browser()
	for range 11 { // wrong states do not count: images of another site could send them
		b.requireAlert(b.Get(b.toProvider("/auth/oidc")+"x"), "/login", "That took too long")
	}
	for range 10 {
		b.requireAlert(b.Get(strings.Replace(b.toProvider("/auth/oidc"), "code=", "code=x", 1)), "/login", "The login with Example &amp; Co")
	}
	a := b.viaProvider("/auth/oidc")
	require.Empty(t, a.Header.Get("Retry-After"))
	b.requireAlert(a, "/login", "Too many attempts. Please wait")
	b.requireLoggedOut()
	require.Equal(t, 429, b.logIn("ada@example.com").StatusCode)
	models.Clock.Move(3 * time.Minute) // the rate limit ends
	require.Equal(t, "/", b.viaProvider("/auth/oidc").Location())
	b.logOut()
	b.Get("/welcome") // shows the flash message
	for range 11 {    // neither a cancelled login nor an outage counts
		s.one.Behave(oidctest.Behaviour{Error: "access_denied"})
		b.requireAlert(b.viaProvider("/auth/oidc"), "/login", "The login with Example &amp; Co was cancelled.")
		s.one.Behave(oidctest.Behaviour{Error: "server_error"})
		b.requireAlert(b.viaProvider("/auth/oidc"), "/login", "Example &amp; Co cannot be reached.")
	}
}

// Errors as answers have a limit of their own. Prevents a flood of rows: a client may send
// them without asking the provider.
func TestAuth_ErrorsAreLimited(t *testing.T) {
	s := newProviderSite(t)
	models.Clock.Stop()
	s.signUpLinked("ada@example.com")
	b := s.browser()
	for n := range 100 {
		s.one.Behave(oidctest.Behaviour{Error: []string{"access_denied", "server_error", "temporarily_unavailable", "invalid_scope"}[n%4]})
		require.Equal(t, "/login", b.viaProvider("/auth/oidc").Location())
	}
	b.Get("/login") // shows the flash message
	used := count(t, "used_challenges")
	b.requireAlert(b.viaProvider("/auth/oidc"), "/login", "Too many attempts. Please wait")
	require.Equal(t, used, count(t, "used_challenges"))
	s.one.Behave(oidctest.Behaviour{})
	require.Equal(t, "/", b.viaProvider("/auth/oidc").Location())
	require.Equal(t, "/", s.browser().logIn("ada@example.com").Location())
	models.Clock.Move(3 * time.Minute) // the rate limit ends
	s.one.Behave(oidctest.Behaviour{Error: "access_denied"})
	guest := s.browser()
	guest.requireAlert(guest.viaProvider("/auth/oidc"), "/login", "The login with Example &amp; Co was cancelled.")
}
