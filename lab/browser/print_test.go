package browser

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/stretchr/testify/require"
)

// Prevents leaks on paper: a printed page must have no typed text, even if the screen
// shows it, and no links with tokens.
func TestPrint_LeavesOutSecrets(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	zoe := &story{browser: openBrowser(t, s, person{}), email: "zoe@example.com", password: firstPassword}
	zoe.visit("/signup")
	zoe.fill("[name=email]", zoe.email)
	zoe.requirePrint("signup", "Sign up", zoe.email)
	zoe.press(`[action="/signup"] [type=submit]`)
	zoe.requirePrint("check-mail", "Check your email", "Send it again")
	zoe.visit(s.mails.Link(t, zoe.email, "/signup/"))
	zoe.typeShown("[name=password]")
	zoe.requirePrint("choose-password", "This is the last step")
	zoe.press(`[action="/signup/password"] [type=submit]`)
	zoe.requirePrint("home", zoe.email, zoe.flashes()...)
	zoe.visit("/account")
	zoe.requirePrint("account", "Password", "Delete my account")
	zoe.visit("/account/security")
	zoe.typeShown("#password")
	zoe.requirePrint("security", "Password", "Change password")
	zoe.visit("/sudo")
	zoe.typeShown("#password")
	zoe.requirePrint("sudo", "Confirm that it is you")
	zoe.visit("/account/sessions")
	zoe.requirePrint("devices", zoe.ip, "Log out")
	zoe.visit("/account/activity")
	zoe.requirePrint("activity", "Account created")
	zoe.visit("/logout")
	zoe.requirePrint("logout", "Log out")

	guest := &story{browser: openBrowser(t, s, person{screen: wideDark}), email: zoe.email, password: zoe.password}
	guest.visit("/login")
	guest.logIn("not the password")
	guest.typeShown("[name=password]")
	guest.requirePrint("login-error", "Log in", zoe.email, "Invalid email or password.")
	guest.visit("/password/forgot")
	guest.fill("[name=email]", zoe.email)
	guest.press(`[action="/password/forgot"] [type=submit]`)
	guest.visit(s.mails.Link(t, zoe.email, "/password/reset/"))
	guest.typeShown("[name=password]")
	guest.requirePrint("reset", "password")

	mailProgram := openBrowser(t, s, person{noisy: true})
	for _, m := range s.mails.Read {
		mailProgram.open(m.HTML)
		require.Contains(t, mailProgram.text("body"), "https://", "the screen shows the link")
		mailProgram.requirePrint("mail", m.Subject, "https://")
	}
}

func (s *story) typeShown(field string) {
	s.t.Helper()
	s.fill(field, s.password)
	s.click(field + " + .reveal")
	require.Equal(s.t, "text", evaluate[string](s.browser, element(field)+".type"))
}

// requirePrint requires that the printed page has the given words, but neither fields nor
// the texts in others.
func (b *browser) requirePrint(name, words string, others ...string) {
	b.t.Helper()
	b.do("printing", emulation.SetEmulatedMedia().WithMedia("print"))
	require.True(b.t, evaluate[bool](b, `matchMedia("print").matches`))
	require.Contains(b.t, b.text("body"), words, name)
	require.Empty(b.t, evaluate[[]string](b, `[...document.querySelectorAll("form, input, select, button, meter, [role=status]")].filter(e => e.checkVisibility()).map(e => e.outerHTML)`), name)
	for _, other := range others {
		require.NotContains(b.t, b.text("body"), other, name)
	}
	b.photograph("print-"+name, b.screen)
}
