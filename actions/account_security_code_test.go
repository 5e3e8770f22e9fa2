package actions

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/models"
	"corral/models/modelstest"
)

func TestAccountSecurity_SaysHowWellTheAccountIsProtected(t *testing.T) {
	s := newSite(t)
	b := logInAs(s, "ada@example.com")
	says := func(sentences ...string) {
		t.Helper()
		require.Contains(t, b.Get("/account/security").Page, `<p class="lead"><span>`+strings.Join(sentences, "</span> <span>")+"</span> </p>")
	}
	says("Your password alone is enough to log in, also for anyone who learns it.", "Add a passkey or an authenticator app.")
	s.addPasskey("ada@example.com")
	says("The password alone is still enough for anyone to log in, although you have a passkey or an authenticator app.", "Turn on the second step below.")
	b.setTOTP()
	const on = "A password alone is not enough for anyone: logging in takes a second step, and you have "
	says(on+"2 ways to pass it.", "You have 10 recovery codes left.")
	require.NoError(t, models.DB.RawQuery("DELETE FROM factors WHERE kind = ?", models.FactorPasskey).Exec())
	const advice = "Add another passkey or an authenticator app, in case you lose the one you have."
	says(on+"1 way to pass it.", "You have 10 recovery codes left.", advice)
	require.NoError(t, models.DB.RawQuery("DELETE FROM factors WHERE kind = ?", models.FactorCodes).Exec())
	says(on+"1 way to pass it.", "Make recovery codes, so that a lost device does not lock you out.", advice)
}

func TestAccountSecurityBrowsers(t *testing.T) {
	s := newSite(t)
	codes := s.withSecondStep("ada@example.com")
	bob := s.skipping("bob@example.com", firefox, s.withSecondStep("bob@example.com")[0])
	desk, phone := s.skipping("ada@example.com", firefox, codes[0]), s.skipping("ada@example.com", safari, codes[1])
	desk.logIn("ada@example.com")
	bob.logIn("bob@example.com")
	page := desk.Get("/account/security").Page
	require.Contains(t, page, "Firefox on Linux")
	require.Contains(t, page, "Safari on iPhone")
	newest := actionBelow(page, "/account/security/browsers/")

	require.Equal(t, 404, bob.Delete(newest, nil).StatusCode, "the skip belongs to another account")
	require.Equal(t, "/account/security", desk.Delete(newest, nil).Location())
	page = desk.Get("/account/security").Page
	require.Contains(t, page, "The second step is asked for again.")
	require.NotContains(t, page, "Safari on iPhone")
	require.Equal(t, "/login/second", phone.logIn("ada@example.com").Location())
	require.Equal(t, 404, desk.Delete(newest, nil).StatusCode, "the skip has ended")
	require.Equal(t, 404, desk.Delete("/account/security/browsers/x", nil).StatusCode)

	require.Equal(t, "/account/security", desk.Delete("/account/security/browsers", nil).Location())
	require.NotContains(t, desk.Get("/account/security").Page, "browsers-heading")
	require.Equal(t, 404, desk.Delete("/account/security/browsers", nil).StatusCode)
	ended, err := models.DB.Where("kind = ?", models.ActivitySkipEnded).Count(&models.Activity{})
	require.NoError(t, err)
	require.Equal(t, 2, ended)
	desk.logOut()
	require.Equal(t, "/login/second", desk.logIn("ada@example.com").Location())
	bob.logOut()
	require.Equal(t, "/", bob.logIn("bob@example.com").Location(), "bob's browser still skips the second step")
}

// lostEmail returns a browser of ada, who changed her email a week after TOTP was set, and
// the path that ends the "this wasn't me" links to her former email.
func (s *site) lostEmail() (b *browser, key []byte, codes []string, link string) {
	s.t.Helper()
	key, codes = modelstest.SetTOTP(s.t, "ada@example.com")
	models.Clock.Move(models.Lifetimes[models.PurposeUndo] + time.Second)
	b = s.browser()
	b.logIn("ada@example.com")
	b.secondStep(modelstest.NextCode(key))
	require.NotContains(s.t, b.Get("/account/security").Page, "links-heading")
	b.Put("/account/email", url.Values{"email": {"ada@new.example"}})
	b.Post("/account/email/confirm/"+modelstest.Link(s.t, "ada@new.example", models.MailEmailConfirm), nil)
	return b, key, codes, actionBelow(b.Get("/account/security").Page, "/account/security/links/")
}

// Only a factor that is older than a week ends the links to a former email.
func TestAccountSecurityLinks(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b, key, codes, link := s.lostEmail()
	page := b.Get("/account/security").Page
	require.Contains(t, page, "<bdi>ada@example.com</bdi>")
	require.Contains(t, page, `<span class="visually-hidden"> (ada@example.com)</span></label>`)
	for _, wrong := range []string{"", "x", codes[0], modelstest.WrongCode(key)} {
		a := b.Delete(link, url.Values{"code": {wrong}})
		require.Equal(t, 422, a.StatusCode)
		parsePage(t, a.Page).requireError()
		require.Contains(t, a.Page, "That code is not valid.")
	}
	require.Equal(t, 422, b.Send("DELETE", link, nil).StatusCode, "no body")
	require.Contains(t, b.Get("/account/security").Page, "You have 10 recovery codes left.", "a refused code is not used up")
	require.Equal(t, 404, b.Delete("/account/security/links/x", url.Values{"code": {modelstest.NextCode(key)}}).StatusCode)
	require.Equal(t, 200, s.browser().Get("/not-me/"+modelstest.Link(t, "ada@example.com", models.MailEmailChanged)).StatusCode)

	require.Equal(t, "/account/security", b.Delete(link, url.Values{"code": {modelstest.NextCode(key)}}).Location())
	require.NotContains(t, b.Get("/account/security").Page, "links-heading")
	require.Equal(t, 404, s.browser().Get("/not-me/"+modelstest.Link(t, "ada@example.com", models.MailEmailChanged)).StatusCode)
}

// Prevents an attacker from ending the owner's links with a new TOTP key.
func TestAccountSecurityLinks_NotByANewFactor(t *testing.T) {
	s := newSite(t)
	b := logInAs(s, "ada@example.com")
	key := b.setTOTP()
	b.Put("/account/email", url.Values{"email": {"eve@example.com"}})
	b.Post("/account/email/confirm/"+modelstest.Link(t, "eve@example.com", models.MailEmailConfirm), nil)
	link := actionBelow(b.Get("/account/security").Page, "/account/security/links/")
	a := b.Delete(link, url.Values{"code": {modelstest.NextCode(key)}})
	require.Equal(t, 422, a.StatusCode)
	require.Contains(t, a.Page, "That takes a passkey or an authenticator app that you have had for more than 7 days")
	require.Equal(t, 200, s.browser().Get("/not-me/"+modelstest.Link(t, "ada@example.com", models.MailEmailChanged)).StatusCode)
}

func TestAccountSecurity_Events(t *testing.T) {
	requireEvents(t, map[string]func(s *site){
		"skip ended": func(s *site) {
			codes := s.withSecondStep("cleo@example.com")
			b := s.skipping("cleo@example.com", firefox, codes[0])
			b.logIn("cleo@example.com")
			b.Delete("/account/security/browsers", nil)
		},
		"links ended": func(s *site) {
			b, key, _, link := s.lostEmail()
			b.Delete(link, url.Values{"code": {modelstest.NextCode(key)}})
		},
	})
}
