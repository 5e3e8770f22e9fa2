package actions

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/internal/apptest"
	"corral/models"
	"corral/models/modelstest"
)

func (b *browser) forgot(email string) apptest.Response {
	return b.Post("/password/forgot", url.Values{"email": {email}})
}

func TestPasswordForgot_SetsAPassword(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b, other := s.browser(), s.browser()
	other.logIn("ada@example.com", "remember")

	require.Equal(t, "/check-mail", b.forgot("ADA@example.com").Location())
	page := b.Get("/check-mail").Page
	require.Contains(t, page, "for 60 minutes")
	require.Contains(t, page, `<form action="/password/forgot" method="post"><input type="hidden" name="email" value="ADA@example.com">`)
	b.Get("/password/reset/" + modelstest.Link(t, "ada@example.com", models.MailReset))
	a := b.Put("/password/reset", url.Values{"password": {newPassword}})
	require.Equal(t, "/login", a.Location())
	require.Equal(t, 302, b.Get("/").StatusCode, "a reset does not log in")
	require.Equal(t, 302, other.Get("/").StatusCode, "every session ends")
	require.Contains(t, modelstest.Mails(t, "ada@example.com"), models.MailPasswordChanged)
}

func TestPasswordForgot_UnknownEmailLooksTheSame(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	known, unknown := s.browser(), s.browser()
	requireAlike(t, known.forgot("ada@example.com"), unknown.forgot("bea@example.com"))
	requireAlike(t, known.Get("/check-mail"), unknown.Get("/check-mail"), "ada@example.com", "bea@example.com")
	require.Equal(t, 404, unknown.Get("/password/reset/"+modelstest.Link(t, "bea@example.com", models.MailReset)).StatusCode)
}

func TestPasswordForgot_BadEmail(t *testing.T) {
	b := newSite(t).browser()
	a := b.forgot("not an address")
	require.Equal(t, 422, a.StatusCode)
	require.Contains(t, a.Page, "That is not an email address.")
	require.Contains(t, a.Page, `value="not an address"`)
}

func TestCheckMail_KeepsTheEmailWhenReloaded(t *testing.T) {
	b := newSite(t).browser()
	for path, request := range map[string]func(string) apptest.Response{"/password/forgot": b.forgot, "/signup": b.signUp} {
		request("ada@gmial.com")
		for range 2 {
			page := b.Get("/check-mail").Page
			require.Contains(t, page, "Did you mean ada@gmail.com?")
			require.Contains(t, page, `<form action="`+path+`" method="post"><input type="hidden" name="email" value="ada@gmial.com">`)
			require.Contains(t, page, `<a class="btn" href="`+path+`">`, "to type another email")
		}
	}
}

func TestCheckMail_BookmarkedOffersBothMails(t *testing.T) {
	page := newSite(t).browser().Get("/check-mail").Page
	require.Contains(t, page, `<a class="btn" href="/password/forgot">`)
	require.Contains(t, page, `<a class="btn" href="/signup">`)
}

func TestCheckMail_NoLinkToAClosedSignup(t *testing.T) {
	before := newSite(t).browser()
	before.signUp("zoe@example.com")
	cookie := before.sessionCookie()
	require.Contains(t, before.Get("/check-mail").Page, `<form action="/signup"`)
	after := newSite(t, func(c *config.Config) { c.SignupOpen = false }).browser()
	after.SetCookie(sessionCookieName, cookie)
	page := after.Get("/check-mail").Page
	require.NotContains(t, page, `<form action="/signup"`)
	require.Contains(t, page, `<a class="btn" href="/password/forgot">`)
}

func TestCheckMail_PromisesNoResetToAnUnknownEmail(t *testing.T) {
	for _, open := range []bool{true, false} {
		b := newSite(t, func(c *config.Config) { c.SignupOpen = open }).browser()
		b.forgot("zoe@example.com")
		page := b.Get("/check-mail").Page
		require.Contains(t, page, "If zoe@example.com has an account here, we sent it an email.", "sign-up open: %v", open)
		require.NotContains(t, page, "We sent an email", "sign-up open: %v", open)
	}
}

func TestCheckMail_NoHintForAGoodDomain(t *testing.T) {
	s := newSite(t)
	for _, email := range []string{"ada@gmail.com", "ada@example.com", "ada@mx.com", "ada@corral.example"} {
		b := s.browser()
		b.forgot(email)
		require.NotContains(t, b.Get("/check-mail").Page, "Did you mean", email)
	}
}
