package browser

import (
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/stretchr/testify/require"
)

func TestPage_FieldsTakePaste(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	zoe := s.signedUp(t, "zoe@example.com")
	guest := openBrowser(t, s, person{})
	for _, typing := range []struct {
		*browser
		path   string
		fields []string
	}{
		{guest, "/login", []string{"#email", "#password"}},
		{guest, "/signup", []string{"#email"}},
		{zoe.browser, "/account", []string{"#email"}},
	} {
		typing.visit(typing.path)
		for _, field := range typing.fields {
			typing.fill("#email", "copied@example.com")
			typing.edit("#email", "copy")
			typing.fill(field, "")
			typing.edit(field, "paste")
			require.Equal(t, "copied@example.com", evaluate[string](typing.browser, element(field)+".value"), typing.path+field)
		}
	}
}

func (b *browser) edit(selector, command string) {
	b.t.Helper()
	evaluate[any](b, element(selector)+`.select()`)
	key := input.DispatchKeyEvent(input.KeyDown).WithKey(command[:1]).WithModifiers(input.ModifierCtrl).WithCommands([]string{command})
	b.do(command+" in "+selector, key, input.DispatchKeyEvent(input.KeyUp).WithKey(command[:1]))
}

func TestPage_BackShowsNothingPrivate(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	zoe := s.signedUpAs(t, "zoe@example.com", person{wholeChromium: true})
	zoe.visit("/account")
	zoe.visit("/welcome")
	other := &story{browser: openBrowser(t, s, person{}), email: zoe.email}
	other.visit("/login")
	other.logIn(zoe.password)
	other.visit("/account/sessions")
	other.press(`main [action="/account/sessions"] [type=submit]`)
	zoe.back()
	zoe.await(`location.pathname === "/login" && document.readyState === "complete"`)
	require.NotContains(t, zoe.text("body"), zoe.email)
}

// Back restores the login form as it was left. Only passkeys would reload it.
func TestPage_BackAfterLogoutHasNoPassword(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	zoe := s.signedUp(t, "zoe@example.com")
	b := &story{browser: openBrowser(t, s, person{wholeChromium: true}), email: zoe.email}
	b.script(`delete PublicKeyCredential.parseRequestOptionsFromJSON
		addEventListener("pageshow", e => window.kept = e.persisted)`)
	b.visit("/login")
	b.logIn(zoe.password)
	b.press(`header [action="/logout"] [type=submit]`)
	b.back()
	b.await(`location.search === "?next=%2F" && document.readyState === "complete"`)
	b.back()
	b.await("window.kept && location.search === ''")
	require.Equal(t, []string{zoe.email, ""}, evaluate[[]string](b.browser, `["email", "password"].map(name => document.querySelector("[name=" + name + "]").value)`))

	zoe.visit("/account/security")
	zoe.fill("[name=password]", "short")
	const shown = `[!document.querySelector("meter").hidden, document.querySelector(".status[data-verdict]").textContent !== ""]`
	require.Equal(t, []bool{true, true}, evaluate[[]bool](zoe.browser, shown))
	evaluate[bool](zoe.browser, `dispatchEvent(new PageTransitionEvent("pagehide"))`)
	require.Equal(t, []bool{false, false}, evaluate[[]bool](zoe.browser, shown), "nor how long it was")
}

func TestPage_OpenPageStillSubmits(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	zoe := s.signedUp(t, "zoe@example.com")
	for _, meanwhile := range []struct {
		happened string
		do       func(*browser)
	}{
		{"a new release", func(*browser) { s.restart(t) }},
		{"a new secret", func(*browser) {
			s.restart(t, "SESSION_SECRET=18d98c2ba941285622966857c0e99d77ea8d3635d90a8d325e86e37b63a51f3f")
		}},
		{"the cookies were cleared", func(b *browser) { b.do("clearing the cookies", forgetCookies) }},
	} {
		b := &story{browser: openBrowser(t, s, person{noisy: true}), email: zoe.email} // noisy: the icon may be requested while the app is down
		b.visit("/account")
		require.Equal(t, "/login", b.path())
		require.Empty(t, b.cookies(), "the cookie was removed with the flash message")
		require.Equal(t, []string{"next"}, evaluate[[]string](b.browser, `[...document.querySelectorAll("[action='/login'] [type=hidden]")].map(e => e.name)`))
		meanwhile.do(b.browser)
		b.logIn(zoe.password)
		require.Equal(t, "/account", b.path(), meanwhile.happened)
	}
}

func TestPage_LoginIsSmall(t *testing.T) {
	t.Parallel()
	b := openBrowser(t, openSite(t), person{})
	b.visit("/login")
	parts := 1 + evaluate[int](b, `performance.getEntriesByType("resource").length`)
	require.GreaterOrEqual(t, parts, 5, "with a stylesheet, scripts and the logo")
	require.Eventually(t, func() bool {
		b.mutex.Lock()
		defer b.mutex.Unlock()
		return len(b.received) >= parts
	}, patience, 10*time.Millisecond)
	total := 0.0
	for _, bytes := range b.received {
		require.Greater(t, bytes, 100.0, "each part was loaded")
		total += bytes
	}
	require.LessOrEqual(t, total, 20.0*1024)
}
