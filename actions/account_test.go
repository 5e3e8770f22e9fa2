package actions

import (
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/models"
	"corral/models/modelstest"
)

func TestAccountPassword_Update(t *testing.T) {
	s := newSite(t)
	models.Clock.Stop()
	modelstest.SignUp(t, "ada@example.com")
	b, other, copied := s.browser(), s.browser(), s.browser()
	b.logIn("ada@example.com", "remember")
	other.logIn("ada@example.com")
	copied.SetCookie(sessionCookieName, b.sessionCookie())

	a := b.Put("/account/password", url.Values{"password": {"an entirely new set of words"}})
	require.Equal(t, 303, a.StatusCode)
	require.Equal(t, "/account", a.Location())
	page := b.Get("/account").Page
	require.Len(t, apptest.Flashes(page), 1)
	require.NotContains(t, page, `type="password"`, "Chromium would not offer to save the new password")
	require.Equal(t, 302, other.Get("/").StatusCode, "every other session ends")
	require.Equal(t, 302, copied.Get("/").StatusCode, "the current session has a new token")
	require.Equal(t, 30*24*3600, cookieNamed(t, a, sessionCookieName).MaxAge, "the session is remembered as before")
	require.Contains(t, modelstest.Mails(t, "ada@example.com"), models.MailPasswordChanged)
	require.Equal(t, 422, other.logIn("ada@example.com").StatusCode)
}

func TestAccountPassword_Refused(t *testing.T) {
	b := newSite(t).browser()
	modelstest.SignUp(t, "ada@example.com")
	b.logIn("ada@example.com")
	for password, message := range map[string]string{
		"":                 "That is too short",
		"passwordpassword": "That is easy to guess: it repeats itself.",
	} {
		a := b.Put("/account/password", url.Values{"password": {password}})
		require.Equal(t, 422, a.StatusCode)
		require.Contains(t, a.Page, message)
		require.Contains(t, a.Page, `aria-invalid="true"`)
		require.NotContains(t, a.Page, `type="password" value`)
	}
	require.Equal(t, 200, b.Get("/").StatusCode)
}

// Another change comes between the change of the password and the login that follows it.
func TestAccountPassword_ChangedAgainMeanwhile(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	b.Get("/") // shows the flash message
	end := changeMeanwhile(t, "DELETE")
	a := b.Put("/account/password", url.Values{"password": {newPassword}})
	end()
	require.Equal(t, "/account", a.Location())
	require.Equal(t, "/login", b.Get("/account").LocationPath())
	require.ElementsMatch(t, []string{"Your password was saved. Every other device was logged out.", "Your session has ended. You need to login first."},
		apptest.Flashes(b.Get("/login").Page))
	require.Equal(t, "/", b.Post("/login", url.Values{"email": {"ada@example.com"}, "password": {newPassword}}).Location())
}

// changeMeanwhile changes all accounts whenever sessions are updated or deleted, until end.
func changeMeanwhile(t *testing.T, event string) (end func()) {
	t.Helper()
	const change = "UPDATE users SET credential_version = credential_version + 1;"
	create := []string{"CREATE TRIGGER meanwhile AFTER " + event + " ON sessions BEGIN " + change + " END"}
	drop := []string{"DROP TRIGGER meanwhile"}
	if models.DB.Dialect.Name() == "postgres" {
		create = []string{
			"CREATE FUNCTION meanwhile() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN " + change + " RETURN NULL; END'",
			"CREATE TRIGGER meanwhile AFTER " + event + " ON sessions FOR EACH STATEMENT EXECUTE FUNCTION meanwhile()",
		}
		drop = []string{"DROP TRIGGER meanwhile ON sessions", "DROP FUNCTION meanwhile"}
	}
	run := func(statements []string) {
		for _, statement := range statements {
			require.NoError(t, models.DB.RawQuery(statement).Exec())
		}
	}
	run(create)
	end = sync.OnceFunc(func() { run(drop) })
	t.Cleanup(end)
	return end
}

func TestAccount_Destroy(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b, other := s.browser(), s.browser()
	b.logIn("ada@example.com")
	other.logIn("ada@example.com")
	b.Put("/account/email", url.Values{"email": {"ada@new.example"}})
	b.Get("/account") // shows the flash messages
	a := b.Delete("/account", nil)
	require.Equal(t, "/welcome", a.Location())
	require.Equal(t, []string{"Your account was deleted."}, apptest.Flashes(b.Get("/welcome").Page))
	require.Equal(t, 302, other.Get("/").StatusCode)
	require.Equal(t, 422, b.logIn("ada@example.com").StatusCode)
	for _, table := range []string{"sessions", "device_cookies"} {
		n, err := models.DB.Count(table)
		require.NoError(t, err)
		require.Zero(t, n, table)
	}
	mails := modelstest.Mails(t, "ada@example.com")
	require.Equal(t, models.MailAccountDeleted, mails[len(mails)-1])
	confirm := "/account/email/confirm/" + modelstest.Link(t, "ada@new.example", models.MailEmailConfirm)
	require.Equal(t, 404, logInAs(s, "bob@example.com").Get(confirm).StatusCode)

	purgeDeleted(t)
	n, err := models.DB.Count("users")
	require.NoError(t, err)
	require.Equal(t, 1, n, "bob's account is left")
	b.signUp("ada@example.com")
	require.Equal(t, 302, b.Get("/signup/"+modelstest.Link(t, "ada@example.com", models.MailSignup)).StatusCode, "the email is free again")
}

// purgeDeleted purges at the time when deleted accounts are no longer kept.
func purgeDeleted(t *testing.T) {
	t.Helper()
	models.Clock.Move(models.DeletedUserLifetime)
	models.DatabaseClock.Set(models.Clock.Now())
	t.Cleanup(models.DatabaseClock.Reset)
	require.NoError(t, models.Purge(t.Context()))
}

// The owner of a deleted account can take it back by a mailed link. Until then, every page
// answers as if there were no account, but no other account can have the email.
func TestAccount_DeletionIsUndone(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	b.logIn("ada@example.com")
	wrong := url.Values{"email": {"ada@example.com"}, "password": {"a wrong one"}}
	before := s.browser().Post("/login", wrong)
	b.Delete("/account", nil)
	requireAlike(t, before, s.browser().Post("/login", wrong))
	requireAlike(t, s.browser().forgot("ada@example.com"), s.browser().forgot("amy@example.com"))
	b.signUp("ada@example.com")
	require.Equal(t, 404, b.Get("/signup/"+modelstest.Link(t, "ada@example.com", models.MailSignup)).StatusCode)

	undo := "/not-me/" + modelstest.Link(t, "ada@example.com", models.MailAccountDeleted)
	require.Contains(t, b.Get(undo).Page, "Your account goes back to ada@example.com")
	require.Equal(t, "/login", b.Post(undo, url.Values{}).Location())
	require.Equal(t, 422, b.logIn("ada@example.com").StatusCode, "the password is void")
	b.Get("/password/reset/" + modelstest.Link(t, "ada@example.com", models.MailReset))
	require.Equal(t, "/login", b.Put("/password/reset", url.Values{"password": {modelstest.Password}}).Location())
	require.Equal(t, "/", b.logIn("ada@example.com").Location())
	purgeDeleted(t)
	require.Equal(t, "/", s.browser().logIn("ada@example.com").Location(), "the purge leaves the account")
}

func TestAccount_WellKnownChangePassword(t *testing.T) {
	a := newSite(t).browser().Get("/.well-known/change-password")
	require.Equal(t, http.StatusFound, a.StatusCode)
	require.Equal(t, "/account", a.Location())
}

func TestAccountPassword_DoesNotExpire(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	models.Clock.Move(10 * 365 * 24 * time.Hour)
	require.Equal(t, "/", s.browser().logIn("ada@example.com").Location())
}
