package actions_test

import (
	"net/http"
	"net/netip"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/models"
	"corral/models/modelstest"
)

func loopback(t testing.TB) []netip.Prefix {
	t.Helper()
	return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
}

func (b *browser) put(path string, form url.Values) answer {
	b.site.t.Helper()
	form.Set("_method", "PUT")
	return b.post(path, form)
}

func TestAccountPassword_Update(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b, other, copied := s.browser(), s.browser(), s.browser()
	b.logIn("ada@example.com", "remember")
	other.logIn("ada@example.com")
	copied.setCookie("corral", b.cookie())

	a := b.put("/account/password", url.Values{"current_password": {modelstest.Password}, "password": {"an entirely new set of words"}})
	require.Equal(t, 303, a.StatusCode)
	require.Equal(t, "/account", a.location())
	require.Len(t, flashes(b.get("/account").page), 1)
	require.Equal(t, 302, other.get("/").StatusCode, "every other session ends")
	require.Equal(t, 302, copied.get("/").StatusCode, "this one has a new token")
	require.InDelta(t, 30*24*3600, cookieNamed(t, a, "corral").MaxAge, 2, "and is remembered as before")
	require.Contains(t, modelstest.Mails(t, "ada@example.com"), models.MailPasswordChanged)
	require.Equal(t, 422, other.logIn("ada@example.com").StatusCode)
}

func TestAccountPassword_Refused(t *testing.T) {
	b := newSite(t).browser()
	modelstest.SignUp(t, "ada@example.com")
	b.logIn("ada@example.com")
	for _, try := range []struct{ current, password, message string }{
		{"wrong", "an entirely new set of words", "That is not your current password."},
		{"", "an entirely new set of words", "That is not your current password."},
		{modelstest.Password, "", "That is too short"},
		{modelstest.Password, "passwordpassword", "That is easy to guess: it repeats itself."},
	} {
		a := b.put("/account/password", url.Values{"current_password": {try.current}, "password": {try.password}})
		require.Equal(t, 422, a.StatusCode)
		require.Contains(t, a.page, try.message)
		require.Contains(t, a.page, `aria-invalid="true"`)
		require.NotContains(t, a.page, modelstest.Password)
	}
	require.Equal(t, 200, b.get("/").StatusCode)
}

// A wrong current password is a try to log in: an open session is no way to guess.
func TestAccount_CurrentPasswordIsThrottled(t *testing.T) {
	b := newSite(t).browser()
	modelstest.SignUp(t, "ada@example.com")
	b.logIn("ada@example.com")
	for range 5 {
		require.Equal(t, 422, b.put("/account/email", url.Values{"current_password": {"wrong"}, "email": {"new@example.com"}}).StatusCode)
	}
	for path, form := range map[string]url.Values{
		"/account/password": {"_method": {"PUT"}}, "/account/email": {"_method": {"PUT"}}, "/account": {"_method": {"DELETE"}},
	} {
		form.Set("current_password", modelstest.Password)
		a := b.post(path, form)
		require.Equal(t, 429, a.StatusCode, path)
		require.NotEmpty(t, a.Header.Get("Retry-After"))
	}
}

func TestAccountEmail_ConfirmAndUndo(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b, other := s.browser(), s.browser()
	b.logIn("ada@example.com")
	a := b.put("/account/email", url.Values{"current_password": {modelstest.Password}, "email": {" Ada@New.example "}})
	require.Equal(t, "/account", a.location())
	require.Contains(t, modelstest.Mails(t, "ada@example.com"), models.MailEmailAsked)
	require.Contains(t, b.get("/").page, "<dd>ada@example.com</dd>", "the change waits")

	confirm := "/account/email/confirm/" + modelstest.Link(t, "ada@new.example", models.MailEmailConfirm)
	require.Equal(t, 302, other.get(confirm).StatusCode, "only for who is signed in")
	modelstest.SignUp(t, "bob@example.com")
	other.logIn("bob@example.com")
	require.Equal(t, 404, other.get(confirm).StatusCode, "and asked for it")
	require.Equal(t, 404, other.post(confirm, url.Values{}).StatusCode)
	require.Contains(t, b.get(confirm).page, "ada@new.example")
	require.Contains(t, b.get("/").page, "<dd>ada@example.com</dd>", "a GET changes nothing")
	require.Equal(t, "/account", b.post(confirm, url.Values{}).location())
	require.Contains(t, b.get("/").page, "<dd>ada@new.example</dd>")
	require.Equal(t, 404, b.post(confirm, url.Values{}).StatusCode, "once")

	// The old address is kept for seven days.
	stranger := s.browser()
	stranger.signUp("ada@example.com")
	require.Equal(t, 404, stranger.get("/signup/"+modelstest.Link(t, "ada@example.com", models.MailSignup)).StatusCode)

	undo := "/account/email/undo/" + modelstest.Link(t, "ada@example.com", models.MailEmailChanged)
	require.Equal(t, 200, stranger.get(undo).StatusCode)
	require.Equal(t, 200, b.get("/").StatusCode, "a GET changes nothing")
	require.Equal(t, "/login", stranger.post(undo, url.Values{}).location())
	require.Equal(t, 302, b.get("/").StatusCode, "every session ends")
	require.Equal(t, 422, b.logIn("ada@example.com").StatusCode, "the password is void")
	require.Equal(t, 404, stranger.post(undo, url.Values{}).StatusCode, "once")
	stranger.get("/password/reset/" + modelstest.Link(t, "ada@example.com", models.MailReset))
	require.Equal(t, "/login", stranger.put("/password/reset", url.Values{"password": {"an entirely new set of words"}}).location())
	a = stranger.post("/login", url.Values{"email": {"ada@example.com"}, "password": {"an entirely new set of words"}})
	require.Equal(t, "/", a.location())
}

func TestAccountEmail_UndoExpires(t *testing.T) {
	b := newSite(t).browser()
	modelstest.SignUp(t, "ada@example.com")
	b.logIn("ada@example.com")
	b.put("/account/email", url.Values{"current_password": {modelstest.Password}, "email": {"ada@new.example"}})
	b.post("/account/email/confirm/"+modelstest.Link(t, "ada@new.example", models.MailEmailConfirm), url.Values{})
	undo := "/account/email/undo/" + modelstest.Link(t, "ada@example.com", models.MailEmailChanged)
	models.Clock.Move(7*24*time.Hour - time.Second)
	require.Equal(t, 200, b.get(undo).StatusCode)
	models.Clock.Move(time.Second)
	require.Equal(t, 404, b.get(undo).StatusCode)
	require.Equal(t, 404, b.post(undo, url.Values{}).StatusCode)
	b.signUp("ada@example.com")
	require.Equal(t, 302, b.get("/signup/"+modelstest.Link(t, "ada@example.com", models.MailSignup)).StatusCode, "free again")
}

// An attacker who changes the address twice does not outrun the first owner.
func TestAccountEmail_UndoAfterTwoChanges(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	modelstest.SignUp(t, "ada@example.com")
	b.logIn("ada@example.com")
	for _, email := range []string{"eve@one.example", "eve@two.example"} {
		models.Clock.Move(time.Minute)
		b.put("/account/email", url.Values{"current_password": {modelstest.Password}, "email": {email}})
		require.Equal(t, "/account", b.post("/account/email/confirm/"+modelstest.Link(t, email, models.MailEmailConfirm), url.Values{}).location())
	}
	younger := "/account/email/undo/" + modelstest.Link(t, "eve@one.example", models.MailEmailChanged)
	owner := s.browser()
	require.Equal(t, "/login", owner.post("/account/email/undo/"+modelstest.Link(t, "ada@example.com", models.MailEmailChanged), url.Values{}).location())
	require.Equal(t, 404, owner.post(younger, url.Values{}).StatusCode)
	_, err := models.FindUserByEmail(t.Context(), "ada@example.com")
	require.NoError(t, err)
}

// The answer tells nothing about the new address.
func TestAccountEmail_TakenAddressLooksTheSame(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	modelstest.SignUp(t, "bob@example.com")
	modelstest.SignUp(t, "amy@example.com")
	one, other := s.browser(), s.browser()
	one.logIn("ada@example.com")
	other.logIn("amy@example.com")
	one.get("/")
	other.get("/")
	requireAlike(t,
		one.put("/account/email", url.Values{"current_password": {modelstest.Password}, "email": {"new@example.com"}}),
		other.put("/account/email", url.Values{"current_password": {modelstest.Password}, "email": {"bob@example.com"}}))
	confirm := "/account/email/confirm/" + modelstest.Link(t, "bob@example.com", models.MailEmailConfirm)
	require.Equal(t, 404, other.post(confirm, url.Values{}).StatusCode)
}

func TestAccount_Destroy(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b, other := s.browser(), s.browser()
	b.logIn("ada@example.com")
	other.logIn("ada@example.com")
	b.put("/account/email", url.Values{"current_password": {modelstest.Password}, "email": {"ada@new.example"}})
	a := b.post("/account", url.Values{"_method": {"DELETE"}, "current_password": {"wrong"}})
	require.Equal(t, 422, a.StatusCode)

	a = b.post("/account", url.Values{"_method": {"DELETE"}, "current_password": {modelstest.Password}})
	require.Equal(t, "/welcome", a.location())
	require.Equal(t, []string{"Your account was deleted."}, flashes(b.get("/welcome").page))
	require.Equal(t, 302, other.get("/").StatusCode)
	require.Equal(t, 422, b.logIn("ada@example.com").StatusCode)
	for _, table := range []string{"users", "sessions", "tokens", "devices"} {
		n, err := models.DB.Count(table)
		require.NoError(t, err)
		require.Zero(t, n, table)
	}
	require.Equal(t, []string{models.MailAccountDeleted}, modelstest.Mails(t, "ada@example.com"))
	require.Empty(t, modelstest.Mails(t, "ada@new.example"))
}

func TestAccount_WellKnownChangePassword(t *testing.T) {
	a := newSite(t).browser().get("/.well-known/change-password")
	require.Equal(t, http.StatusFound, a.StatusCode)
	require.Equal(t, "/account", a.location())
}

// A sign-in from a browser that was not used before is announced, once.
func TestDevice_NewOneIsAnnounced(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	first, second := s.browser(), s.browser()
	first.logIn("ada@example.com")
	require.Empty(t, modelstest.Mails(t, "ada@example.com"), "the browser after signing up")
	second.logIn("ada@example.com")
	require.Equal(t, []string{models.MailNewDevice}, modelstest.Mails(t, "ada@example.com"))
	for _, b := range []*browser{first, second} {
		b.logOut()
		b.logIn("ada@example.com")
	}
	require.Len(t, modelstest.Mails(t, "ada@example.com"), 1)
}
