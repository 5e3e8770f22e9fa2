package actions

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/internal/apptest"
	"corral/models/modelstest"
)

func (as *ActionSuite) Test_Login_New() {
	res := as.HTML("/login").Get()
	as.Equal(200, res.Code)
	page := res.Body.String()
	as.Contains(page, `<form class="stack" action="/login" method="post"`)
	as.Contains(page, `name="email" type="email"`)
	as.Contains(page, `type="password" autocomplete="current-password"`)
	as.Contains(page, `name="remember" type="checkbox"`)
	as.NotContains(page, `aria-invalid`)
	as.Empty(apptest.Flashes(page))
}

func (as *ActionSuite) Test_Login_Create() {
	modelstest.SignUp(as.T(), "ada@example.com")
	res := as.logIn("Ada@Example.com", modelstest.Password)
	as.Equal(303, res.Code)
	as.Equal("/", res.Location())
	page := as.HTML("/").Get().Body.String()
	as.Equal([]string{"You were logged in."}, apptest.Flashes(page))
	as.Contains(as.HTML("/logout").Get().Body.String(), "You are logged in as ada@example.com.")
	as.Empty(apptest.Flashes(as.HTML("/").Get().Body.String()), "shown once")
}

// Prevents account enumeration.
func (as *ActionSuite) Test_Login_Create_Refused() {
	modelstest.SignUp(as.T(), "ada@example.com")
	for _, attempt := range [][2]string{
		{"ada@example.com", "wrong"},
		{"ada@example.com", ""},
		{"bea@example.com", modelstest.Password},
		{"", ""},
		{"ada@example.com", strings.Repeat("x", 60000)},
		{"ada@example.com", "\xff\xfe"},
		{"ada@example.com\x00", "\x00"},
		{"\xff@example.com", modelstest.Password},
		{`"><script>alert(1)</script>`, modelstest.Password},
	} {
		res := as.logIn(attempt[0], attempt[1])
		as.Equal(422, res.Code, "%q", attempt)
		page := res.Body.String()
		as.Contains(page, `id="login-error" role="alert">Invalid email or password.<`)
		as.Equal(2, strings.Count(page, `aria-invalid="true" aria-describedby="login-error"`))
		as.Contains(page, "<title>Error · Log in")
		as.NotContains(page, "<script>alert")
		as.NotContains(page, "\x00")
		as.Nil(as.Session.Get("token"))
	}
	n, err := as.DB.Count("sessions")
	as.NoError(err)
	as.Zero(n)
}

func (as *ActionSuite) Test_Login_Create_KeepsTheEmailNeverThePassword() {
	page := as.logIn("ada@example.com", "s3cr3t typed here").Body.String()
	as.Contains(page, `value="ada@example.com"`)
	as.NotContains(page, "s3cr3t")
}

// Passwords in URLs end up in logs and histories.
func (as *ActionSuite) Test_Login_Create_IgnoresTheQuery() {
	modelstest.SignUp(as.T(), "ada@example.com")
	query := url.Values{"email": {"ada@example.com"}, "password": {modelstest.Password}}
	res := as.HTML("/login?%s", query.Encode()).Post(url.Values{"remember": {"on"}})
	as.Equal(422, res.Code)
}

func (as *ActionSuite) Test_Login_GuestsOnly() {
	as.logInAs("ada@example.com")
	for _, path := range []string{"/login", "/signup"} {
		res := as.HTML("%s", path).Get()
		as.Equal(302, res.Code, path)
		as.Equal("/", res.Location(), path)
	}
	res := as.HTML("/signup").Post(url.Values{"email": {"bob@example.com"}})
	as.Equal(303, res.Code)
	as.Equal("/", res.Location())
	as.Empty(modelstest.Mails(as.T(), "bob@example.com"))
}

// The form may be sent from a tab that was open before another user logged in.
func TestLogin_WhileLoggedInAsAnother(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	modelstest.SignUp(t, "bob@example.com")
	b, copied := s.loggedIn("ada@example.com", firefox), s.browser()
	copied.SetCookie(sessionCookieName, b.sessionCookie())
	require.Equal(t, 200, copied.Get("/").StatusCode)
	b.Get("/") // shows the flash message

	a := b.Post("/login", url.Values{"email": {"bob@example.com"}, "password": {"wrong"}})
	require.Equal(t, 422, a.StatusCode)
	require.Contains(t, a.Page, `role="alert">Invalid email or password.<`)
	b.requireLoggedInAs("ada@example.com")

	a = b.logIn("bob@example.com")
	require.Equal(t, 303, a.StatusCode)
	require.Equal(t, "/", a.Location())
	page := b.Get("/").Page
	require.Equal(t, []string{"You were logged in."}, apptest.Flashes(page))
	b.requireLoggedInAs("bob@example.com")
	require.Equal(t, "/login", copied.Get("/").LocationPath(), "ada is logged out")
}

func TestLogin_SaysHowLongItRemembers(t *testing.T) {
	for lifetime, want := range map[time.Duration]string{
		720 * time.Hour: "for 30 days.", 36 * time.Hour: "for 36 hours.", time.Hour: "for 1 hour.", 400 * 24 * time.Hour: "for 400 days.",
	} {
		s := newSite(t, func(c *config.Config) { c.RememberLifetime = lifetime })
		require.Contains(t, s.browser().Get("/login").Page, "Stay logged in on this device "+want)
	}
}
