package actions

import (
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/models"
	"corral/models/modelstest"
)

func TestAccountEmail_RefusedFormKeepsTheEmail(t *testing.T) {
	b := newSite(t).browser()
	modelstest.SignUp(t, "ada@example.com")
	b.logIn("ada@example.com")
	require.NotContains(t, b.Get("/account").Page, `name="email" type="email" value=`)
	for typed, kept := range map[string]string{
		" Ada@Example.com": ` value=" Ada@Example.com"`,
		`"><i>new`:         ` value="&#34;&gt;&lt;i&gt;new"`,
	} {
		a := b.Put("/account/email", url.Values{"email": {typed}})
		require.Equal(t, 422, a.StatusCode)
		require.Contains(t, a.Page, `id="email" name="email" type="email"`+kept)
	}
}

func TestAccountEmail_RefusesTheAccountsOwnEmail(t *testing.T) {
	b := newSite(t).browser()
	modelstest.SignUp(t, "ada@xn--mnchen-3ya.example")
	b.logIn("ada@münchen.example")
	mails := modelstest.Mails(t, "ada@xn--mnchen-3ya.example")
	for _, own := range []string{"ada@xn--mnchen-3ya.example", " Ada@MÜNCHEN.example ", "ada@mu\u0308nchen.example"} {
		a := b.Put("/account/email", url.Values{"email": {own}})
		require.Equal(t, 422, a.StatusCode, own)
		require.Contains(t, a.Page, `id="email-error" role="alert">You already log in with this email address.`)
	}
	require.Equal(t, mails, modelstest.Mails(t, "ada@xn--mnchen-3ya.example"))
}

// Prevents an overfull cookie.
func TestAccountEmail_KeepsTheNewestMessageOnly(t *testing.T) {
	b := newSite(t).browser()
	modelstest.SignUp(t, "ada@example.com")
	b.logIn("ada@example.com")
	b.Get("/account")
	domain := "@" + strings.Repeat(strings.Repeat("b", 60)+".", 3) + "example"
	for n := range 10 {
		email := strings.Repeat("a", 50) + strconv.Itoa(n) + domain
		require.Equal(t, 303, b.Put("/account/email", url.Values{"email": {email}}).StatusCode, n)
	}
	messages := apptest.Flashes(b.Get("/account").Page)
	require.Len(t, messages, 1)
	require.Contains(t, messages[0], "a9@", "the newest")
}

func TestAccountEmail_ConfirmAndUndo(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b, other := s.browser(), s.browser()
	b.logIn("ada@example.com")
	a := b.Put("/account/email", url.Values{"email": {" Ada@New.example "}})
	require.Equal(t, "/account", a.Location())
	require.Contains(t, modelstest.Mails(t, "ada@example.com"), models.MailEmailRequested)
	b.requireLoggedInAs("ada@example.com", "the change is not confirmed yet")

	confirm := "/account/email/confirm/" + modelstest.Link(t, "ada@new.example", models.MailEmailConfirm)
	require.Equal(t, 302, other.Get(confirm).StatusCode, "logged-in users only")
	modelstest.SignUp(t, "bob@example.com")
	other.logIn("bob@example.com")
	for _, a := range []apptest.Response{other.Get(confirm), other.Post(confirm, url.Values{})} {
		require.Equal(t, 404, a.StatusCode, "the user who requested it only")
		require.Contains(t, a.Page, "Another account asked to change its email to ada@new.example, and you are logged in as bob@example.com.")
		_, content, _ := strings.Cut(a.Page, "<main")
		require.Contains(t, content, `<form action="/logout" method="post">`)
		require.NotContains(t, a.Page, "ada@example.com", "the new email may be a stranger's")
	}
	require.Contains(t, b.Get(confirm).Page, "ada@new.example")
	b.requireLoggedInAs("ada@example.com", "a GET changes nothing")
	require.Equal(t, "/account", b.Post(confirm, url.Values{}).Location())
	b.requireLoggedInAs("ada@new.example")
	require.Equal(t, "/", b.Post(confirm, url.Values{}).Location(), "the link is used")
	require.Len(t, modelstest.Mails(t, "ada@example.com"), 2, "about the request, and about the change")

	anonymous := s.browser()
	anonymous.signUp("ada@example.com")
	require.Equal(t, 404, anonymous.Get("/signup/"+modelstest.Link(t, "ada@example.com", models.MailSignup)).StatusCode)

	undo := "/not-me/" + modelstest.Link(t, "ada@example.com", models.MailEmailChanged)
	require.Equal(t, 200, anonymous.Get(undo).StatusCode)
	require.Equal(t, 200, b.Get("/").StatusCode, "a GET changes nothing")
	require.Equal(t, "/login", anonymous.Post(undo, url.Values{}).Location())
	require.Equal(t, 302, b.Get("/").StatusCode, "every session ends")
	require.Equal(t, 422, b.logIn("ada@example.com").StatusCode, "the password is void")
	require.Equal(t, 404, anonymous.Post(undo, url.Values{}).StatusCode, "the link is used")
	for _, email := range []string{"ada@example.com", "ada@new.example"} {
		require.Contains(t, modelstest.Mails(t, email), models.MailUndone)
	}
	anonymous.Get("/password/reset/" + modelstest.Link(t, "ada@example.com", models.MailReset))
	require.Equal(t, "/login", anonymous.Put("/password/reset", url.Values{"password": {"an entirely new set of words"}}).Location())
	a = anonymous.Post("/login", url.Values{"email": {"ada@example.com"}, "password": {"an entirely new set of words"}})
	require.Equal(t, "/", a.Location())
}

func TestAccountEmail_Confirm_SessionEndedMeanwhile(t *testing.T) {
	s := newSite(t)
	ada := modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	b.Put("/account/email", url.Values{"email": {"mallory@example.com"}})
	confirm := "/account/email/confirm/" + modelstest.Link(t, "mallory@example.com", models.MailEmailConfirm)
	endSessionsAt(t, confirm, ada)
	require.Equal(t, "/login", b.Post(confirm, url.Values{}).LocationPath())
	_, err := models.FindUserByEmail(t.Context(), "ada@example.com")
	require.NoError(t, err)
}

func TestAccountEmail_UndoExpiresAfterSevenDays(t *testing.T) {
	b := newSite(t).browser()
	models.Clock.Stop()
	modelstest.SignUp(t, "ada@example.com")
	b.logIn("ada@example.com")
	b.Put("/account/email", url.Values{"email": {"ada@new.example"}})
	b.Post("/account/email/confirm/"+modelstest.Link(t, "ada@new.example", models.MailEmailConfirm), url.Values{})
	undo := "/not-me/" + modelstest.Link(t, "ada@example.com", models.MailEmailChanged)
	models.Clock.Move(7*24*time.Hour - time.Second)
	require.Equal(t, 200, b.Get(undo).StatusCode)
	models.Clock.Move(time.Second)
	require.Equal(t, 404, b.Get(undo).StatusCode)
	require.Equal(t, 404, b.Post(undo, url.Values{}).StatusCode)
	b.signUp("ada@example.com")
	require.Equal(t, 302, b.Get("/signup/"+modelstest.Link(t, "ada@example.com", models.MailSignup)).StatusCode, "the email is free again")
}

func TestAccountEmail_FirstEmailUndoesTwoChanges(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	modelstest.SignUp(t, "ada@example.com")
	b.logIn("ada@example.com")
	for _, email := range []string{"eve@one.example", "eve@two.example"} {
		models.Clock.Move(time.Minute)
		b.Put("/account/email", url.Values{"email": {email}})
		require.Equal(t, "/account", b.Post("/account/email/confirm/"+modelstest.Link(t, email, models.MailEmailConfirm), url.Values{}).Location())
	}
	later := "/not-me/" + modelstest.Link(t, "eve@one.example", models.MailEmailChanged)
	owner := s.browser()
	require.Equal(t, "/login", owner.Post("/not-me/"+modelstest.Link(t, "ada@example.com", models.MailEmailChanged), url.Values{}).Location())
	require.Equal(t, 404, owner.Post(later, url.Values{}).StatusCode)
	_, err := models.FindUserByEmail(t.Context(), "ada@example.com")
	require.NoError(t, err)
}

// Prevents account enumeration.
func TestAccountEmail_TakenEmailLooksTheSame(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	modelstest.SignUp(t, "bob@example.com")
	modelstest.SignUp(t, "amy@example.com")
	one, other := s.browser(), s.browser()
	one.logIn("ada@example.com")
	other.logIn("amy@example.com")
	one.Get("/")
	other.Get("/")
	requireAlike(t,
		one.Put("/account/email", url.Values{"email": {"new@example.com"}}),
		other.Put("/account/email", url.Values{"email": {"bob@example.com"}}))
	confirm := "/account/email/confirm/" + modelstest.Link(t, "bob@example.com", models.MailEmailConfirm)
	require.Equal(t, 404, other.Post(confirm, url.Values{}).StatusCode)
}
