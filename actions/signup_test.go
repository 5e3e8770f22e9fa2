package actions

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobuffalo/buffalo"
	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/internal/apptest"
	"corral/internal/route"
	"corral/models"
	"corral/models/modelstest"
)

// signupForm returns the last form of the sign-up. If you ask for more, add it here.
func signupForm(password string) url.Values { return url.Values{"password": {password}} }

func (b *browser) choosePassword(password string) apptest.Response {
	b.site.t.Helper()
	return b.Post("/signup/password", signupForm(password))
}

func (b *browser) signUp(email string) apptest.Response {
	return b.Post("/signup", url.Values{"email": {email}})
}

func TestSignup_CreatesTheAccountAndLogsIn(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	require.Contains(t, b.Get("/signup").Page, `name="email" type="email"`)
	a := b.signUp(" Zoe@Example.com ")
	require.Equal(t, 303, a.StatusCode)
	require.Equal(t, "/check-mail", a.Location())
	for range 2 { // the second time, the page is reloaded
		page := b.Get("/check-mail").Page
		require.Contains(t, page, "We sent an email to Zoe@Example.com.")
		require.Contains(t, page, `<input type="hidden" name="email" value="Zoe@Example.com"><button class="btn" type="submit">Send it again</button>`)
		require.Contains(t, page, `<a class="btn" href="/signup">Use another email address</a>`)
	}

	users, err := models.DB.Count("users")
	require.NoError(t, err)
	require.Zero(t, users, "no account before the link is used")
	link := "/signup/" + modelstest.Link(t, "zoe@example.com", models.MailSignup)
	a = b.Get(link)
	require.Equal(t, 302, a.StatusCode)
	require.Equal(t, "/signup/password", a.Location(), "the token leaves the address bar")
	require.Equal(t, 302, b.Get(link).StatusCode, "a mail scanner redeems nothing")
	require.Contains(t, b.Get("/signup/password").Page, "zoe@example.com")

	a = b.choosePassword("short")
	require.Equal(t, 422, a.StatusCode)
	require.Contains(t, a.Page, "That is too short")
	a = b.choosePassword(modelstest.Password)
	require.Equal(t, "/", a.Location())
	require.Equal(t, []string{"Welcome. You were logged in."}, apptest.Flashes(b.Get("/").Page))
	b.logOut()
	require.Equal(t, "/", b.logIn("zoe@example.com").Location())

	another := s.browser()
	require.Equal(t, 404, another.Get(link).StatusCode, "redeemed")
	require.Equal(t, 404, another.Get("/signup/password").StatusCode)
}

// Prevents account enumeration.
func TestSignup_TakenEmailLooksTheSame(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	free, taken := s.browser(), s.browser()
	requireAlike(t, free.signUp("bea@example.com"), taken.signUp("ada@example.com"))
	requireAlike(t, free.Get("/check-mail"), taken.Get("/check-mail"), "bea@example.com", "ada@example.com")

	link := "/signup/" + modelstest.Link(t, "ada@example.com", models.MailSignup)
	require.Equal(t, 404, taken.Get(link).StatusCode, "the link is not sent: the mail says that there is an account")
}

// requireAlike requires that responses have the same status, headers and page, and cookies
// of the same size.
func requireAlike(t *testing.T, a, b apptest.Response, renames ...string) {
	t.Helper()
	require.Equal(t, a.StatusCode, b.StatusCode)
	require.Equal(t, strings.NewReplacer(renames...).Replace(a.Page), b.Page)
	require.Equal(t, len(a.Page), len(b.Page))
	one, other := a.Header.Clone(), b.Header.Clone()
	for _, h := range []http.Header{one, other} {
		h.Del("Date")
		h.Del("X-Request-Id")
		for i, cookie := range h["Set-Cookie"] {
			name, rest, _ := strings.Cut(cookie, "=")
			value, attributes, _ := strings.Cut(rest, ";")
			h["Set-Cookie"][i] = name + strings.Repeat("x", len(value)) + attributes
		}
	}
	require.Equal(t, one, other)
}

func TestSignup_BadEmail(t *testing.T) {
	b := newSite(t).browser()
	for _, typed := range []string{"", "zoe", "zoe@", "zoe@example.com\r\nBcc: eve@example.com", "zoe\x00@example.com", "\xff@example.com", strings.Repeat("z", 60000)} {
		a := b.signUp(typed)
		require.Equal(t, 422, a.StatusCode, "%.40q", typed)
		require.Contains(t, a.Page, "That is not an email address.")
		require.Contains(t, a.Page, `aria-describedby="email-error"`)
	}
	require.Contains(t, b.signUp("zoe@exa mple").Page, `value="zoe@exa mple"`)
	n, err := models.DB.Count("mails")
	require.NoError(t, err)
	require.Zero(t, n)
}

func TestSignup_EveryLinkWorksUntilOneIsUsed(t *testing.T) {
	b := newSite(t).browser()
	b.signUp("zoe@example.com")
	older := modelstest.Link(t, "zoe@example.com", models.MailSignup)
	models.Clock.Move(time.Minute)
	b.signUp("zoe@example.com")
	newest := modelstest.Link(t, "zoe@example.com", models.MailSignup)
	require.Equal(t, 302, b.Get("/signup/"+newest).StatusCode)
	require.Equal(t, 302, b.Get("/signup/"+older).StatusCode, "a further request ends no form that is open")
	models.Clock.Move(24 * time.Hour)
	require.Equal(t, 404, b.Get("/signup/password").StatusCode)
	require.Equal(t, 404, b.choosePassword(modelstest.Password).StatusCode)

	models.Clock.Reset()
	require.Equal(t, "/", b.choosePassword(modelstest.Password).Location())
	require.Equal(t, "/", b.Get("/signup/"+newest).Location(), "redeemed with the older link: the user is sent home")
	require.Equal(t, "/", b.choosePassword(modelstest.Password).Location(), "a second submit is sent home, too")
	a := b.site.browser().Get("/signup/" + newest)
	require.Equal(t, 404, a.StatusCode)
	require.Contains(t, a.Page, "This is already done")
}

// The page of a used link leads home, so it is no loop if the sign-up began with it as next.
func TestSignup_NextIsItsOwnForm(t *testing.T) {
	b := newSite(t).browser()
	b.Post("/signup", url.Values{"email": {"zoe@example.com"}, "next": {"/signup/password"}})
	b.Get("/signup/" + modelstest.Link(t, "zoe@example.com", models.MailSignup))
	require.Equal(t, "/signup/password", b.choosePassword(modelstest.Password).Location())
	require.Equal(t, "/", b.Get("/signup/password").Location())
}

// A link of another kind may create the account, too: its form has a key of its own.
func TestSignup_SecondSubmitOfAnotherLink(t *testing.T) {
	s := newSite(t)
	link := linkForm{key: "test_token", path: "/", find: models.FindSignup, page: renderSignupPassword}
	open := func(c buffalo.Context) error { return link.open(c) }
	submit := func(c buffalo.Context) error {
		return link.submit(c, func(rawToken string, token *models.Token, password string) error {
			session, err := models.CompleteSignup(c, rawToken, password, language(c), clientOf(c))
			if err != nil {
				return err
			}
			return link.signedUp(c, session, rawToken, token)
		})
	}
	app.Middleware.Skip(Authorize, open, submit)
	app.GET("/test/invitation/{token}", open)
	app.POST("/test/invitation", submit)
	b := s.browser()
	b.signUp("zoe@example.com")
	require.Equal(t, 302, b.Get("/test/invitation/"+modelstest.Link(t, "zoe@example.com", models.MailSignup)).StatusCode)
	for range 2 {
		require.Equal(t, "/", b.Post("/test/invitation", signupForm(modelstest.Password)).Location())
	}
}

// A field of your own may be refused, too: the page has all that it shows.
func TestSignup_SaveMayShowThePageAgain(t *testing.T) {
	s := newSite(t)
	submit := func(c buffalo.Context) error {
		return signupLink.submit(c, func(string, *models.Token, string) error {
			return renderForm(c, "signup.password_title", "signup/password.plush.html", messages{"terms": "Accept the terms."})
		})
	}
	app.Middleware.Skip(Authorize, submit)
	app.POST("/test/signup", submit)
	b := s.browser()
	b.signUp("zoe@example.com")
	b.Get("/signup/" + modelstest.Link(t, "zoe@example.com", models.MailSignup))
	a := b.Post("/test/signup", signupForm(modelstest.Password))
	require.Equal(t, 422, a.StatusCode)
	require.Contains(t, a.Page, "zoe@example.com")
}

func TestSignup_DeadLinks(t *testing.T) {
	b := newSite(t).browser()
	b.signUp("zoe@example.com")
	rawToken := modelstest.Link(t, "zoe@example.com", models.MailSignup)
	for _, dead := range []string{"x", rawToken[1:], rawToken + "A", "%00", "%ff", strings.Repeat("A", 8000)} {
		a := b.Get("/signup/" + dead)
		require.Equal(t, 404, a.StatusCode, "%.40q", dead)
		require.Contains(t, a.Page, "This link no longer works")
	}
	require.Equal(t, 404, b.Get("/password/reset/"+rawToken).StatusCode, "for another purpose")
}

func TestSignup_OneOfTwentyConcurrentUsesCreatesTheAccount(t *testing.T) {
	s := newSite(t)
	first := s.browser()
	first.signUp("zoe@example.com")
	link := "/signup/" + modelstest.Link(t, "zoe@example.com", models.MailSignup)
	statuses := make(chan int, 20)
	var all sync.WaitGroup
	var browsers []*browser
	for range 20 {
		browsers = append(browsers, s.browser())
		require.Equal(t, 302, browsers[len(browsers)-1].Get(link).StatusCode)
	}
	for _, b := range browsers {
		all.Go(func() {
			statuses <- b.choosePassword(modelstest.Password).StatusCode
		})
	}
	all.Wait()
	close(statuses)
	count := map[int]int{}
	for status := range statuses {
		count[status]++
	}
	require.Equal(t, map[int]int{303: 1, 404: 19}, count)
}

func TestSignup_TwentyConcurrentRequestsMailThree(t *testing.T) {
	s := newSite(t, trustLoopback)
	statuses := make([]int, 20)
	var all sync.WaitGroup
	for n := range statuses {
		b := s.browser()
		b.Header.Set("X-Forwarded-For", "198.51.100."+string(rune('0'+n%10)))
		all.Go(func() { statuses[n] = b.signUp("zoe@example.com").StatusCode })
	}
	all.Wait()
	for _, status := range statuses {
		require.Equal(t, 303, status)
	}
	tokens, err := models.DB.Count("tokens")
	require.NoError(t, err)
	require.Equal(t, 3, tokens)
	require.Len(t, modelstest.Mails(t, "zoe@example.com"), 3)
}

func TestSignup_ThreeMailsAnHour(t *testing.T) {
	b := newSite(t).browser()
	for range 5 {
		require.Equal(t, "/check-mail", b.signUp("zoe@example.com").Location())
	}
	require.Len(t, modelstest.Mails(t, "zoe@example.com"), 3)
	require.Equal(t, "/check-mail", b.Post("/password/forgot", url.Values{"email": {"zoe@example.com"}}).Location())
	require.Len(t, modelstest.Mails(t, "zoe@example.com"), 4, "resets are counted separately")
	models.Clock.Move(time.Hour)
	b.signUp("zoe@example.com")
	require.Len(t, modelstest.Mails(t, "zoe@example.com"), 5)
}

// Mails of each purpose have their own limit. After many users behind one IP have signed
// up, they can still request resets.
func TestSignup_TenRequestsAnHourForAClient(t *testing.T) {
	b := newSite(t).browser()
	for _, path := range []string{"/signup", "/password/forgot"} {
		for n := range 10 {
			require.Equal(t, 303, b.Post(path, url.Values{"email": {"zoe" + string(rune('a'+n)) + "@example.com"}}).StatusCode)
		}
		a := b.Post(path, url.Values{"email": {"another@example.com"}})
		require.Equal(t, 429, a.StatusCode)
		require.NotEmpty(t, a.Header.Get("Retry-After"))
		require.Contains(t, a.Page, "Too many attempts.")
	}
	require.Empty(t, modelstest.Mails(t, "another@example.com"))
	models.Clock.Move(time.Hour)
	require.Equal(t, 303, b.signUp("another@example.com").StatusCode)
}

func TestSignup_Closed(t *testing.T) {
	defer func(before route.Table) { routes = before }(routes)
	routes = append(slices.Clone(routes), get("/signups", public, WelcomeShow))
	b := newSite(t, func(c *config.Config) { c.SignupOpen = false }).browser()
	require.Equal(t, 404, b.Get("/signup").StatusCode)
	require.Equal(t, 404, b.signUp("zoe@example.com").StatusCode)
	require.Equal(t, 404, b.Get("/signup/password").StatusCode)
	require.Equal(t, 404, b.Get("/signup/x").StatusCode)
	require.Equal(t, 200, b.Get("/signups").StatusCode, "another page")
}

func TestSignup_EndsTheSessionOfTheBrowser(t *testing.T) {
	s := newSite(t)
	b, attacker := s.browser(), s.browser()
	modelstest.SignUp(t, "ada@example.com")
	b.logIn("ada@example.com")
	attacker.SetCookie(sessionCookieName, b.sessionCookie())
	s.browser().signUp("zoe@example.com")
	b.Get("/signup/" + modelstest.Link(t, "zoe@example.com", models.MailSignup))
	require.Equal(t, "/", b.choosePassword(modelstest.Password).Location())
	b.requireLoggedIn("zoe@example.com")
	require.Equal(t, 302, attacker.Get("/").StatusCode, "Ada's session in this browser has ended")
}
