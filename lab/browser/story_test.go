package browser

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/services"
)

const (
	firstPassword  = "four random words suffice"
	secondPassword = "an entirely new set of words"
	thirdPassword  = "mandolin gravel pelican sunrise"
)

func TestStory(t *testing.T) {
	t.Parallel()
	for _, language := range languages(t) {
		people := map[string]person{
			"JavaScript":    {language: language, screen: wideLight, looks: true, wholeChromium: language == "en-us"},
			"no JavaScript": {language: language, screen: narrowDark, noScript: true},
		}
		if language == "en-us" {
			people["JavaScript, narrow"] = person{language: language, screen: narrowLight}
			people["no JavaScript, wide"] = person{language: language, screen: wideDark, noScript: true}
		}
		for name, p := range people {
			t.Run(language+"/"+name, func(t *testing.T) { t.Parallel(); runStory(t, p) })
		}
	}
}

// languages returns all shipped languages if CORRAL_REQUIRE has Chromium. Otherwise, to
// save fifteen minutes, it returns English, German, which has long words, and Arabic,
// which is written from right to left.
func languages(t *testing.T) (codes []string) {
	t.Helper()
	if !services.Required("chromium") {
		return []string{"en-us", "de", "ar"}
	}
	files, err := filepath.Glob("../../locales/all.*.yaml")
	require.NoError(t, err)
	for _, file := range files {
		codes = append(codes, strings.Split(filepath.Base(file), ".")[1])
	}
	require.Contains(t, codes, "en-us")
	return codes
}

// story is a browser, and the credentials of its user.
type story struct {
	*browser
	email, password string
}

// signedUp opens a browser and signs up. The user is then logged in.
func (s *site) signedUp(t *testing.T, email string) *story {
	t.Helper()
	return s.signedUpIn(t, email, "")
}

func (s *site) signedUpIn(t *testing.T, email, language string) *story {
	t.Helper()
	return s.signedUpAs(t, email, person{language: language})
}

func (s *site) signedUpAs(t *testing.T, email string, p person) *story {
	t.Helper()
	user := &story{browser: openBrowser(t, s, p), email: email, password: firstPassword}
	user.visit("/signup")
	user.fill("[name=email]", email)
	user.press(`[action="/signup"] [type=submit]`)
	user.visit(s.mails.Link(t, email, "/signup/"))
	user.fill("[name=password]", user.password)
	user.press(`[action="/signup/password"] [type=submit]`)
	require.Equal(t, "/", user.path())
	return user
}

func runStory(t *testing.T, p person) {
	s := &story{browser: openBrowser(t, openSite(t), p), email: "zoe@example.com"}
	s.signUp(t)
	s.logOut(t)
	s.resetPassword(t)
	s.returnToRequestedPage(t)
	s.endOtherSessions(t)
	s.changePassword(t)
	s.changeEmailAndUndo(t)
	s.readActivity(t)
	s.deleteAccount(t)
	s.readMails(t)
}

func (s *story) signUp(t *testing.T) {
	s.visit("/welcome")
	s.see("welcome")
	s.press(`main a[href="/signup"]`)
	s.see("signup")
	s.fill("[name=email]", "zoe")
	s.press(`[action="/signup"] [type=submit]`)
	s.requireError("email")
	s.see("signup-error")

	s.fill("[name=email]", s.email)
	s.press(`[action="/signup"] [type=submit]`)
	require.Equal(t, "/check-mail", s.path())
	s.see("check-mail")
	older := s.site.mails.Link(t, s.email, "/signup/")
	s.press(`main [action="/signup"] [type=submit]`)
	link := s.site.mails.Link(t, s.email, "/signup/")
	s.visit("/signup/x")
	s.see("dead-link")
	s.visit(older)
	require.Equal(t, "/signup/password", s.path(), "the older link works until one of them is redeemed")

	s.visit(link)
	require.Equal(t, "/signup/password", s.path(), "the token has left the address bar")
	s.see("choose-password")
	s.fill("[name=password]", "passwordpassword")
	s.press(`[action="/signup/password"] [type=submit]`)
	s.requireError("password")
	s.see("choose-password-error")
	s.password = firstPassword
	s.fill("[name=password]", s.password)
	s.press(`[action="/signup/password"] [type=submit]`)
	require.Equal(t, "/", s.path())
	require.Contains(t, s.text("main"), s.email)
	s.see("home-flash")
	s.requireFlashOnce()
	s.see("home")
}

func (s *story) logOut(t *testing.T) {
	copied := s.cookies()
	require.Equal(t, "200 ", s.ask("/", copied), "the cookies alone log in")
	s.visit("/logout")
	s.see("logout")
	s.press(`main [action="/logout"] [type=submit]`)
	require.Equal(t, "/welcome", s.path())
	s.see("welcome-flash")
	s.back()
	s.back() // to the home page that the browser kept
	require.NotContains(t, s.text("body"), s.email, "Back shows nothing private")
	require.Equal(t, "302 /login?next=%2F", s.ask("/", copied), "copied cookies no longer log in")
	s.visit("/welcome")
	require.Empty(t, s.flashes())
}

func (s *story) resetPassword(t *testing.T) {
	s.visit("/login")
	s.press(`main a[href="/password/forgot"]`)
	s.see("forgot")
	s.fill("[name=email]", s.email)
	s.press(`[action="/password/forgot"] [type=submit]`)
	require.Equal(t, "/check-mail", s.path())
	s.visit("/check-mail")
	s.see("check-mail-reloaded")
	require.True(t, s.has(`main form[action="/password/forgot"]`), "the mail can be requested again")
	s.visit(s.site.mails.Link(t, s.email, "/password/reset/"))
	s.see("reset")
	s.chooseAnotherPassword(t, secondPassword)
	s.see("login-flash")
	s.requireFlashOnce()
}

// chooseAnotherPassword sets a password by a mailed link. It tries a short one first.
func (s *story) chooseAnotherPassword(t *testing.T, password string) {
	t.Helper()
	require.Equal(t, "/password/reset", s.path(), "the token has left the address bar")
	s.fill("[name=password]", "short")
	s.press(`[action="/password/reset"] [type=submit]`)
	s.requireError("password")
	s.see("reset-error")
	s.password = password
	s.fill("[name=password]", s.password)
	s.press(`[action="/password/reset"] [type=submit]`)
	require.Equal(t, "/login", s.path(), "the reset does not log in")
}

func (s *story) returnToRequestedPage(t *testing.T) {
	s.visit("/account/sessions?from=bookmark")
	require.Equal(t, "/login", s.path())
	s.see("login-first")
	s.requireFlashOnce()
	s.see("login")
	s.logIn("not the password")
	require.Equal(t, "/login", s.path())
	require.Equal(t, s.email, evaluate[string](s.browser, `document.querySelector("[name=email]").value`), "the email is kept")
	require.Empty(t, evaluate[string](s.browser, `document.querySelector("[name=password]").value`), "the password is not kept")
	s.await(`document.activeElement.matches("[aria-invalid=true]")`)
	s.see("login-error")
	s.fill("[name=password]", s.password)
	s.press(`[action="/login"] [type=submit]`)
	require.Equal(t, "/account/sessions", s.path())
	require.Equal(t, "?from=bookmark", evaluate[string](s.browser, "location.search"))
	s.see("devices-flash")
	s.requireFlashOnce()
}

func (s *story) logIn(password string) {
	s.t.Helper()
	s.fill("[name=email]", s.email)
	s.fill("[name=password]", password)
	s.press(`[action="/login"] [type=submit]`)
}

func (s *story) endOtherSessions(t *testing.T) {
	phone := &story{email: s.email, browser: openBrowser(t, s.site,
		person{language: s.language, noScript: s.noScript, screen: narrowLight, userAgent: iPhone, ip: "2001:db8::7"})}
	for _, end := range []string{`main li:not(:has(.badge)) [action^="/account/sessions/"] [type=submit]`, `main [action="/account/sessions"] [type=submit]`} {
		phone.visit("/login")
		phone.click("[name=remember]")
		phone.logIn(s.password)
		require.Equal(t, "/", phone.path())
		s.site.mails.Wait(t, "about the new browser", func(m services.Mail) bool { return m.To == s.email && strings.Contains(m.Text, "2001:db8::7") })

		s.visit("/account/sessions")
		require.Equal(t, "2001:db8::7", s.text("main bdi"), "isolated from right-to-left text")
		s.see("devices")
		s.press(end)
		require.Len(t, s.flashes(), 1)
		require.NotContains(t, s.text("main"), "2001:db8::7")
		phone.visit("/account")
		require.Equal(t, "/login", phone.path(), "the next request finds the session ended")
		phone.do("clearing the phone's cookies", forgetCookies)
	}
	s.visit("/account/sessions")
	s.see("devices-one")
}

// confirm lets the confirmation expire, follows the link with the selector to /sudo, and
// confirms there.
func (s *story) confirm(t *testing.T, selector string) {
	s.site.tenMinutesLater(t)
	s.visit("/account")
	s.see("account-unconfirmed")
	s.press(selector)
	s.see("sudo")
	s.fill("[name=password]", "not the password")
	s.press(`[action="/sudo"] [type=submit]`)
	s.requireError("password")
	s.see("sudo-error")
	s.fill("[name=password]", s.password)
	s.press(`[action="/sudo"] [type=submit]`)
	require.Equal(t, "/account", s.path())
}

func (s *story) changePassword(t *testing.T) {
	s.confirm(t, `[aria-labelledby=email-heading] a`)
	s.see("account")
	s.fill(`[action="/account/email"] [name=email]`, "zoe@typed.example")
	s.site.tenMinutesLater(t)
	s.press(`[action="/account/email"] [type=submit]`)
	require.Equal(t, "/sudo", s.path())
	s.see("sudo-flash")
	s.fill("[name=password]", s.password)
	s.press(`[action="/sudo"] [type=submit]`)
	require.Equal(t, "/account", s.path())
	require.Empty(t, evaluate[string](s.browser, `document.querySelector("[name=email]").value`), "the email that was typed is not kept")

	s.visit("/account/security")
	s.see("security")
	form := `[action="/account/password"] `
	s.fill(form+"[name=password]", "short")
	s.press(form + "[type=submit]")
	s.requireError("password")
	s.see("security-error-password")
	s.password = thirdPassword
	s.fill(form+"[name=password]", s.password)
	s.press(form + "[type=submit]")
	require.Equal(t, "/account", s.path())
	s.see("account-flash")
	s.requireFlashOnce()
	s.site.mails.Link(t, s.email, "/not-me/") // marks this mail read: the next link is of another mail
}

func (s *story) changeEmailAndUndo(t *testing.T) {
	s.fill(`[action="/account/email"] [name=email]`, "zoe@example.org")
	s.press(`[action="/account/email"] [type=submit]`)
	s.see("account-email-asked")
	s.requireFlashOnce()
	s.visit(s.site.mails.Link(t, "zoe@example.org", "/account/email/confirm/"))
	s.see("email-confirm")
	s.press(`main [action^="/account/email/confirm/"] [type=submit]`)
	require.Contains(t, s.text("main"), "zoe@example.org")
	s.requireFlashOnce()

	s.visit(s.site.mails.Link(t, s.email, "/not-me/"))
	s.see("email-undo")
	s.press(`main [action^="/not-me/"] [type=submit]`)
	s.see("login-undone")
	s.requireFlashOnce()
	s.visit("/account")
	require.Equal(t, "/login", s.path(), "every session is ended")
	s.visit(s.site.mails.Link(t, s.email, "/password/reset/"))
	s.chooseAnotherPassword(t, firstPassword)
	s.logIn(s.password)
}

func (s *story) readActivity(t *testing.T) {
	s.visit("/account/activity")
	s.see("activity")
	require.Contains(t, s.text("main"), s.ip)
	require.Contains(t, s.text("main"), "2001:db8::7")
	require.Greater(t, evaluate[int](s.browser, `document.querySelectorAll("main li").length`), 10)
}

func (s *story) deleteAccount(t *testing.T) {
	s.confirm(t, `[aria-labelledby=delete-heading] a`)
	s.press(`[action="/account"] [type=submit]`)
	require.Equal(t, "/welcome", s.path())
	s.see("welcome-goodbye")
	s.requireFlashOnce()
	s.site.mails.Wait(t, "of goodbye", func(m services.Mail) bool { return m.To == s.email && strings.Contains(m.Text, "/not-me/") })
	s.visit("/login")
	s.logIn(s.password)
	require.Equal(t, "/login", s.path(), "there is no such account any more")
}

// readMails checks the language of all mails.
func (s *story) readMails(t *testing.T) {
	for _, m := range s.site.mails.Read {
		require.Contains(t, strings.ToLower(m.HTML), `<html lang="`+s.language+`"`, m.Subject)
	}
}

func (b *browser) requireFlashOnce() {
	b.t.Helper()
	require.Len(b.t, b.flashes(), 1)
	b.visit(b.path() + evaluate[string](b, "location.search"))
	require.Empty(b.t, b.flashes(), "the message is shown once")
}

// requireError requires that a field with an error is marked, described by the message,
// and focused.
func (b *browser) requireError(name string) {
	b.t.Helper()
	require.Equal(b.t, name, evaluate[string](b, `document.querySelector("[aria-invalid=true]")?.name ?? ""`))
	b.await(`document.activeElement === document.querySelector("[aria-invalid=true]")`)
	require.NotEmpty(b.t, evaluate[string](b, `document.activeElement.getAttribute("aria-describedby").split(" ").map(id => document.getElementById(id).innerText).join()`))
}

// ask sends a request with the given cookies, without the browser. It returns the status
// and the Location.
func (b *browser) ask(path string, cookies []*http.Cookie) string {
	b.t.Helper()
	req, err := http.NewRequest("GET", b.site.url+path, nil)
	require.NoError(b.t, err)
	for _, c := range cookies {
		req.AddCookie(c)
	}
	res, err := client.Do(req)
	require.NoError(b.t, err)
	res.Body.Close()
	return res.Status[:3] + " " + res.Header.Get("Location")
}
