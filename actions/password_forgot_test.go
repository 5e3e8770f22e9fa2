package actions_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/models"
	"corral/models/modelstest"
)

func (b *browser) forgot(email string) answer {
	b.site.t.Helper()
	return b.post("/password/forgot", url.Values{"email": {email}})
}

func TestPasswordForgot_TheWholeStory(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b, other := s.browser(), s.browser()
	other.logIn("ada@example.com", "remember")

	require.Equal(t, "/check-mail", b.forgot("ADA@example.com").location())
	page := b.get("/check-mail").page
	require.Contains(t, page, "for 15 minutes")
	require.Contains(t, page, `<form action="/password/forgot" method="post"><input type="hidden" name="email" value="ADA@example.com">`)
	b.get("/password/reset/" + modelstest.Link(t, "ada@example.com", models.MailReset))
	a := b.post("/password/reset", url.Values{"_method": {"PUT"}, "password": {"an entirely new set of words"}})
	require.Equal(t, "/login", a.location())
	require.Equal(t, 302, b.get("/").StatusCode, "it does not sign in")
	require.Equal(t, 302, other.get("/").StatusCode, "every session ends")
	require.Contains(t, modelstest.Mails(t, "ada@example.com"), models.MailPasswordChanged)
}

func TestPasswordForgot_UnknownAddressLooksTheSame(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	known, unknown := s.browser(), s.browser()
	requireAlike(t, known.forgot("ada@example.com"), unknown.forgot("bea@example.com"))
	requireAlike(t, known.get("/check-mail"), unknown.get("/check-mail"), "ada@example.com", "bea@example.com")
	require.Equal(t, 404, unknown.get("/password/reset/"+modelstest.Link(t, "bea@example.com", models.MailReset)).StatusCode)
}

func TestPasswordForgot_BadAddress(t *testing.T) {
	b := newSite(t).browser()
	a := b.forgot("not an address")
	require.Equal(t, 422, a.StatusCode)
	require.Contains(t, a.page, "That is not an email address.")
	require.Contains(t, a.page, `value="not an address"`)
}

// The address just typed is kept for one page, and no longer. What for is kept,
// so that who reloads the page can ask again.
func TestCheckMail_Once(t *testing.T) {
	b := newSite(t).browser()
	b.forgot("ada@gmial.com")
	page := b.get("/check-mail").page
	require.Contains(t, page, "ada@gmial.com")
	require.Contains(t, page, "Did you mean ada@gmail.com?")
	a := b.get("/check-mail")
	require.Equal(t, 200, a.StatusCode)
	require.NotContains(t, a.page, "gmial")
	require.Contains(t, a.page, "for 15 minutes")
	require.Contains(t, a.page, `<a class="btn" href="/password/forgot">Ask for another email</a>`)
	b.signUp("ada@gmial.com")
	b.get("/check-mail")
	require.Contains(t, b.get("/check-mail").page, `<a class="btn" href="/signup">Ask for another email</a>`)
}

// Who comes by a bookmark may have asked for either mail.
func TestCheckMail_Bookmarked(t *testing.T) {
	page := newSite(t).browser().get("/check-mail").page
	require.Contains(t, page, `<a class="btn" href="/password/forgot">`)
	require.Contains(t, page, `<a class="btn" href="/signup">`)
}

// Who asked before sign-up was closed is not sent to a page that is gone.
func TestCheckMail_SignupClosedSince(t *testing.T) {
	before, after := newSite(t).browser(), newSite(t, func(c *config.Config) { c.SignupOpen = false }).browser()
	before.signUp("zoe@example.com")
	cookie := before.cookie()
	require.Contains(t, before.get("/check-mail").page, `<form action="/signup"`)
	after.setCookie("corral", cookie)
	page := after.get("/check-mail").page
	require.NotContains(t, page, `<form action="/signup"`)
	require.Contains(t, page, `<a class="btn" href="/password/forgot">`)
}

// A domain that is right, or like no other, is left alone.
func TestCheckMail_NoHintWithoutReason(t *testing.T) {
	for _, email := range []string{"ada@gmail.com", "ada@example.com", "ada@mx.com", "ada@corral.example"} {
		b := newSite(t).browser()
		b.forgot(email)
		require.NotContains(t, b.get("/check-mail").page, "Did you mean", email)
	}
}
