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

// A login mails the link by which the user sets up a second step.
func TestAccountSecurityEnrol_ByTheMailedLink(t *testing.T) {
	s := newEnrolSite(t)
	models.Clock.Stop()
	modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	require.Equal(t, []string{models.MailEnrol}, modelstest.Mails(t, "ada@example.com"))
	page := b.Get("/account/security").Page
	require.Contains(t, page, "We sent a link to ada@example.com")
	require.NotContains(t, page, `href="/account/security/totp"`)
	require.Equal(t, "/account/security", b.Get("/account/security/totp").Location())

	link := "/account/security/enrol/" + modelstest.Link(t, "ada@example.com", models.MailEnrol)
	require.Equal(t, 404, b.Get(link+"x").StatusCode)
	require.Equal(t, 404, b.Post(link+"x", url.Values{}).StatusCode)
	page = b.Get(link).Page
	require.Contains(t, page, "For ada@example.com, in this browser.")
	require.Contains(t, page, `action="`+link+`"`)
	require.Equal(t, "/account/security", b.Get("/account/security/totp").Location(), "opening the link is not enough")
	a := b.Post(link, url.Values{})
	require.Equal(t, 303, a.StatusCode)
	require.Equal(t, "/account/security", a.Location())
	require.Contains(t, b.Get("/account/security").Page, `href="/account/security/totp"`)
	require.Equal(t, "/account/security", b.Get("/account").Location(), "there is no second step yet")

	b.setTOTP()
	require.Equal(t, 200, b.Get("/account/security/recovery-codes").StatusCode)
	b.requireLoggedIn("ada@example.com")
	require.Equal(t, "/", b.Get(link).Location(), "the link is used")
}

// Prevents an attacker with the password from enrolling first, or staying logged in after
// the owner has enrolled.
func TestAccountSecurityEnrol_AttackerWithThePassword(t *testing.T) {
	s := newEnrolSite(t)
	modelstest.SignUp(t, "ada@example.com")
	attacker, owner := s.loggedIn("ada@example.com", safari), s.loggedIn("ada@example.com", firefox)
	owner.Post("/account/security/enrol/"+modelstest.Link(t, "ada@example.com", models.MailEnrol), url.Values{})
	require.Equal(t, "/account/security", attacker.Get("/account/security/totp").Location())
	require.Equal(t, "/account/security", attacker.Post("/account/security/totp", url.Values{"code": {"1"}}).Location())
	owner.setTOTP()
	owner.requireLoggedIn("ada@example.com")
	attacker.requireLoggedOut()
	require.Equal(t, "/login/second", attacker.logIn("ada@example.com").Location())
}

// A session that the mailed link of a sign-up started needs no other link to enrol.
func TestAccountSecurityEnrol_AfterTheSignUp(t *testing.T) {
	s := newEnrolSite(t)
	models.Clock.Stop()
	b := s.browser()
	b.signUp("dora@example.com")
	b.Get("/signup/" + modelstest.Link(t, "dora@example.com", models.MailSignup))
	b.choosePassword(modelstest.Password)
	require.Equal(t, "/account/security", b.Get("/").Location())
	require.Contains(t, b.Get("/account/security").Page, "Set up an authenticator app")
	require.NotContains(t, modelstest.Mails(t, "dora@example.com"), models.MailEnrol)
	b.setTOTP()
	b.requireLoggedIn("dora@example.com")
}

// SECOND_FACTOR=required changes nothing for a user who has a second step.
func TestAccountSecurityEnrol_WithASecondStep(t *testing.T) {
	s := newEnrolSite(t)
	codes := s.withSecondStep("ada@example.com")
	b := s.browser()
	b.logIn("ada@example.com")
	require.Equal(t, "/", b.secondStep(codes[0]).Location())
	b.requireLoggedIn("ada@example.com")
	require.NotContains(t, modelstest.Mails(t, "ada@example.com"), models.MailEnrol)
}

func TestAccountSecurityEnrol_LinkIsOfOneAccount(t *testing.T) {
	s := newEnrolSite(t)
	models.Clock.Stop()
	modelstest.SignUp(t, "ada@example.com")
	modelstest.SignUp(t, "bob@example.com")
	s.loggedIn("ada@example.com", firefox)
	link := "/account/security/enrol/" + modelstest.Link(t, "ada@example.com", models.MailEnrol)
	require.Equal(t, "/login?next="+url.QueryEscape(link), s.browser().Get(link).Location())
	bob := s.loggedIn("bob@example.com", firefox)
	for _, a := range []apptest.Response{bob.Get(link), bob.Post(link, url.Values{})} {
		require.Equal(t, 404, a.StatusCode)
		require.Contains(t, a.Page, "ada@example.com")
	}
	require.Equal(t, "/account/security", bob.Get("/account/security/totp").Location())
	models.Clock.Move(time.Hour)
	ada := s.loggedIn("ada@example.com", safari)
	require.Equal(t, 404, ada.Post(link, url.Values{}).StatusCode, "expired")
	require.Equal(t, "/account/security", ada.Get("/account/security/totp").Location())
}

// A user enrols by adding a passkey and turning the second step on.
func TestAccountSecurityEnrol_ByAPasskey(t *testing.T) {
	s := newEnrolSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	b.Post("/account/security/enrol/"+modelstest.Link(t, "ada@example.com", models.MailEnrol), url.Values{})
	s.addPasskey("ada@example.com")
	require.Equal(t, "/account/security", b.Get("/").Location(), "a passkey alone does not turn the second step on")
	page := b.Get("/account/security").Page
	require.Contains(t, page, `action="/account/security/second-step"`)
	require.NotContains(t, page, `action="/account/security/passkeys/`, "renaming and removing are closed")
	require.Equal(t, "/account/security/recovery-codes", b.Put("/account/security/second-step", url.Values{"on": {"true"}}).Location())
	b.requireLoggedIn("ada@example.com")
}

// A user whose session began before the second step was turned off is mailed a link, too.
func TestAccountSecurityEnrol_MailAfterTurningOff(t *testing.T) {
	for name, turnOff := range map[string]func(b *browser, user *models.User, codes []string){
		"by the user": func(b *browser, _ *models.User, codes []string) {
			b.secondStep(codes[0])
			require.Equal(t, "/account/security", b.Put("/account/security/second-step", url.Values{"on": {"false"}}).Location())
		},
		"by an operator": func(b *browser, user *models.User, codes []string) {
			b.secondStep(codes[0])
			const now = true
			_, err := user.ResetFactors(t.Context(), now)
			require.NoError(t, err)
		},
		"by an undo": func(b *browser, user *models.User, codes []string) {
			require.NoError(t, models.Undo(t.Context(), modelstest.Link(t, user.Email, "totp_added"), models.Client{}))
			user, err := models.FindUserByEmail(t.Context(), user.Email)
			require.NoError(t, err)
			require.NoError(t, user.SetPassword(t.Context(), modelstest.Password)) // the undo made it void
			models.Clock.Move(models.UndoDelay - time.Minute)
			b.logIn(user.Email) // this session begins before the undo is done
			b.secondStep(codes[0])
			require.Equal(t, 200, b.Get("/account").StatusCode)
			models.Clock.Move(time.Minute)
			require.NoError(t, models.FinishUndos(t.Context()))
		},
	} {
		s := newEnrolSite(t)
		codes := s.withSecondStep("ada@example.com")
		b := s.browser()
		b.logIn("ada@example.com")
		user, err := models.FindUserByEmail(t.Context(), "ada@example.com")
		require.NoError(t, err)
		turnOff(b, user, codes)
		require.Contains(t, b.Get("/account/security").Page, "We sent a link to ada@example.com", name)
		require.Contains(t, modelstest.Mails(t, "ada@example.com"), models.MailEnrol, name)
		link := "/account/security/enrol/" + modelstest.Link(t, "ada@example.com", models.MailEnrol)
		require.Equal(t, "/account/security", b.Post(link, nil).Location())
		require.NotContains(t, b.Get("/account/security").Page, "We sent a link", name)
	}
}

// A deleted account gets no mail: nobody can log in to it.
func TestAccountSecurityEnrol_NoMailToADeletedAccount(t *testing.T) {
	s := newEnrolSite(t)
	models.Clock.Stop()
	s.withSecondStep("ada@example.com")
	require.NoError(t, models.Undo(t.Context(), modelstest.Link(t, "ada@example.com", models.MailTOTPAdded), models.Client{}))
	user, err := models.FindUserByEmail(t.Context(), "ada@example.com")
	require.NoError(t, err)
	require.NoError(t, user.Delete(t.Context(), models.Client{}))
	models.Clock.Move(models.UndoDelay)
	require.NoError(t, models.FinishUndos(t.Context()))
	require.NoError(t, models.DB.Reload(user))
	require.False(t, user.SecondStep, "turned off by the undo")
	require.NotContains(t, modelstest.Mails(t, "ada@example.com"), models.MailEnrol)
}
