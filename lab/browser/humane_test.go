package browser

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

func TestHumane_ShowPassword(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	b := openBrowser(t, s, person{})
	b.visit("/login")
	b.fill("[name=password]", firstPassword)
	state := `document.querySelector(".reveal").ariaPressed + " " + document.querySelector("[name=password]").type`
	require.Equal(t, "false password", evaluate[string](b, state))
	b.click(".reveal")
	require.Equal(t, "true text", evaluate[string](b, state))
	require.Equal(t, "plaintext", evaluate[string](b, `getComputedStyle(document.querySelector("[name=password]")).unicodeBidi`), "it has the order in which it was typed, also on an Arabic page")
	require.Equal(t, firstPassword, evaluate[string](b, `document.querySelector("[name=password]").value`))
	evaluate[bool](b, `addEventListener("submit", e => e.preventDefault()), true`)
	b.click(`[action="/login"] [type=submit]`)
	require.Equal(t, "false password", evaluate[string](b, state), "the field is sent as a password")

	plain := openBrowser(t, s, person{noScript: true})
	plain.visit("/login")
	require.False(t, plain.has(".reveal"), "the button would have no effect")
}

func TestHumane_CapsLock(t *testing.T) {
	t.Parallel()
	b := openBrowser(t, openSite(t), person{})
	b.visit("/login")
	press := func(on string) string {
		return evaluate[string](b, `(e => {
			e.dispatchEvent(new KeyboardEvent("keydown", {key: "A", modifierCapsLock: `+on+`}))
			return e.parentElement.querySelector("[role=status]").textContent
		})(document.querySelector("[name=password]"))`)
	}
	require.Equal(t, "Caps Lock is on.", press("true"))
	require.Empty(t, press("false"))
}

// The page never says "strong": only the server knows which passwords can be guessed.
func TestHumane_StrengthAgreesWithTheServer(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	b := openBrowser(t, s, person{})
	b.visit("/signup")
	b.fill("[name=email]", "zoe@longer.example")
	b.press(`[action="/signup"] [type=submit]`)
	b.visit(s.mails.Link(t, "zoe@longer.example", "/signup/"))
	require.Empty(t, b.text("form [data-verdict], form .status"), "no verdict before something is typed")
	for _, c := range []struct{ password, page, server string }{
		{"a", "short", "too short"},
		{"fourteen chars", "short", "too short"},
		{"ééééééééééééé", "short", "too short"},               // thirteen characters, whichever normalization form was typed
		{strings.Repeat("e\u0301", 10), "short", "too short"}, // ten characters for the server, which composes them
		{strings.Repeat("馬", 15), "easy", "easy to guess"},
		{strings.Repeat("a", 15), "easy", "easy to guess"},
		{strings.Repeat("abc", 40), "easy", "easy to guess"},
		{strings.Repeat("x9$kQz", 5), "easy", "easy to guess"},
		{"zoe@longer.example", "easy", "easy to guess"},
		{"passwordpassword", "enough", "easy to guess"}, // only the server knows common passwords
		{"qwertyuiopasdfgh", "enough", "easy to guess"},
		{strings.Repeat("four random words ", 8), "long", "too long"},
		{firstPassword, "enough", ""},
	} {
		b.fill("[name=password]", c.password)
		require.Equal(t, c.page, evaluate[string](b, `document.querySelector("[data-verdict]").dataset.verdict`), c.password)
		require.NotEmpty(t, b.text("[data-verdict]"))
		require.NotContains(t, strings.ToLower(b.text("[data-verdict]")), "strong")
		b.press(`[action="/signup/password"] [type=submit]`)
		if c.server != "" {
			require.Contains(t, b.text("#password-error"), c.server, c.password)
		}
	}
	require.Equal(t, "/", b.path())
}

func TestHumane_FormIsSentOnce(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	b := openBrowser(t, s, person{wholeChromium: true})
	b.visit("/signup")
	evaluate[bool](b, `(window.sent = 0, addEventListener("submit", e => { window.sent += !e.defaultPrevented; e.preventDefault() }), true)`)
	send := `(document.querySelector('[action="/signup"]').requestSubmit(), window.sent)`
	require.Equal(t, 1, evaluate[int](b, send))
	require.Equal(t, 1, evaluate[int](b, send), "the second submission does nothing")
	evaluate[bool](b, `dispatchEvent(new PageTransitionEvent("pageshow", {persisted: true}))`)
	require.Equal(t, 2, evaluate[int](b, send))

	// A form that a script keeps, or that closes a dialog, is not sent.
	b.visit("/signup")
	evaluate[bool](b, `(window.sent = 0, document.addEventListener("submit", e => e.preventDefault(), {once: true}),
		addEventListener("submit", e => { window.sent += !e.defaultPrevented; e.preventDefault() }), true)`)
	require.Zero(t, evaluate[int](b, send), "a script keeps the form")
	require.Equal(t, 1, evaluate[int](b, send))
	require.Equal(t, 3, evaluate[int](b, `(f => { f.method = "dialog"; document.body.append(f); f.requestSubmit(); f.requestSubmit(); return window.sent })(document.createElement("form"))`))

	b.visit("/signup")
	for range 2 {
		b.fill("[name=email]", "zoe@example.com")
		b.press(`[action="/signup"] [type=submit]`)
		require.Equal(t, "/check-mail", b.path())
		b.do("going back", evaluating("history.back()")) // Chromium has kept the page and does not load it again
		b.await(`location.pathname === "/signup" && document.readyState === "complete"`)
		require.Equal(t, "zoe@example.com", evaluate[string](b, `document.querySelector("[name=email]").value`), "what was typed is kept")
	}
}

// The browser keeps the fragment of the URL through redirects. The script adds it to the
// form, and to the page after a passkey.
func TestHumane_LoginKeepsTheFragment(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	zoe := s.signedUp(t, "zoe@example.com")
	b := openBrowser(t, s, person{})
	b.visit("/account/sessions#newest")
	require.Equal(t, "/login", b.path())
	b.fill("[name=email]", zoe.email)
	b.fill("[name=password]", zoe.password)
	b.press("main form [type=submit]")
	const place = "location.pathname + location.hash"
	require.Equal(t, "/account/sessions#newest", evaluate[string](b, place))

	zoe.withoutAutofill()
	zoe.plugIn()
	zoe.addPasskey()
	code := zoe.setTOTP()[0]
	for name, pass := range map[string]func(){
		"code": func() {
			zoe.fill("[name=code]", "000")
			zoe.press("main form [type=submit]")
			zoe.fill("[name=code]", code)
			zoe.press("main form [type=submit]")
		},
		"passkey": func() { zoe.press(secondButton) },
	} {
		zoe.logOutQuietly()
		zoe.visit("/account/sessions#newest")
		zoe.fill("[name=email]", zoe.email)
		zoe.fill("[name=password]", zoe.password)
		zoe.press("main form [type=submit]")
		require.Equal(t, "/login/second", zoe.path())
		pass()
		require.Equal(t, "/account/sessions#newest", evaluate[string](zoe.browser, place), name)
	}
}

// The forms of the security page are far below its top.
func TestHumane_RefusalsAreInSight(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	zoe := s.signedUpAs(t, "zoe@example.com", person{screen: narrowLight, looks: true})
	zoe.setTOTP()
	execute := func(statement string) {
		t.Helper()
		_, err := s.database(t).Exec(statement)
		require.NoError(t, err)
	}
	for _, refused := range []struct{ form, meanwhile, section string }{ // meanwhile: in another tab
		{`form[action="/account/security/totp"]`, "UPDATE users SET second_step = TRUE", "totp-heading"},
		{`form[action="/account/security/second-step"]`, "DELETE FROM factors", "second-step-heading"},
	} {
		execute("UPDATE users SET second_step = FALSE")
		zoe.visit("/account/security")
		execute(refused.meanwhile)
		zoe.do("holding a small phone", emulation.SetDeviceMetricsOverride(320, 640, 1, false))
		zoe.press(refused.form + " [type=submit]")
		alert := `main [aria-labelledby="` + refused.section + `"] [role=alert]`
		zoe.await(`document.activeElement === ` + element(alert))
		require.True(t, evaluate[bool](zoe.browser, `(({ top, bottom }) => top >= 0 && bottom <= innerHeight)(`+element(alert)+`.getBoundingClientRect())`), refused.form)
		zoe.see(refused.section + "-refused")
		zoe.keys(kb.Tab)
		require.True(t, evaluate[bool](zoe.browser, `document.activeElement === `+focusable+`.find(e => e.compareDocumentPosition(`+element(alert)+`) & Node.DOCUMENT_POSITION_PRECEDING)`), "Tab leads on from there")
	}
}

func TestHumane_BackForwardCacheReloads(t *testing.T) {
	t.Parallel()
	zoe := openSite(t).signedUp(t, "zoe@example.com")
	evaluate[bool](zoe.browser, `dispatchEvent(new PageTransitionEvent("pagehide", {persisted: true}))`)
	require.Equal(t, "none", evaluate[string](zoe.browser, `getComputedStyle(document.documentElement).display`))
	zoe.leads("coming back", evaluating(`setTimeout(() => dispatchEvent(new PageTransitionEvent("pageshow", {persisted: true})), 0)`))
	require.Contains(t, zoe.text("main"), zoe.email)
}

func TestHumane_TimesInTheBrowsersZone(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	zoe := s.signedUp(t, "zoe@example.com")
	zoe.do("moving to Tokyo", emulation.SetTimezoneOverride("Asia/Tokyo"))
	zoe.visit("/account/sessions")
	require.Greater(t, evaluate[int](zoe.browser, `document.querySelectorAll("main time").length`), 1)
	require.Empty(t, evaluate[[]string](zoe.browser, `[...document.querySelectorAll("main time")].filter(e =>
		e.textContent !== new Intl.DateTimeFormat("en-US", {dateStyle: "medium", timeStyle: "short", timeZone: "Asia/Tokyo"}).format(new Date(e.dateTime)) ||
		!e.title.endsWith(" UTC")).map(e => e.outerHTML)`))

	plain := openBrowser(t, s, person{noScript: true})
	plain.visit("/login")
	plain.fill("[name=email]", zoe.email)
	plain.fill("[name=password]", zoe.password)
	plain.press(`[action="/login"] [type=submit]`)
	require.Regexp(t, `^[A-Z][a-z]{2} \d+, \d{4}, \d+:\d\d [AP]M UTC$`, plain.text("main time"))
}

// A duration or a day of a developer's page stays, and does not stop the script.
func TestHumane_OtherTimesStay(t *testing.T) {
	t.Parallel()
	zoe := openSite(t).signedUp(t, "zoe@example.com")
	evaluate[bool](zoe.browser, `["PT90M", "2027-03-01", "14:00", "", "2027-03-01T14:00+01:00"].forEach(at => {
		const e = document.createElement("time")
		e.textContent = e.dateTime = at
		document.querySelector("main").prepend(e)
	}) || !import(document.querySelector("script[src*='/js/account.']").src + "?again").then(() => again = true, () => again = false)`)
	zoe.await(`"again" in window`)
	require.True(t, evaluate[bool](zoe.browser, "again"), "the script ends")
	require.Empty(t, evaluate[[]string](zoe.browser, `[...document.querySelectorAll("main time")].filter(e => !e.dateTime.endsWith("Z") && e.textContent !== e.dateTime).map(e => e.outerHTML)`))
}

func evaluating(js string) chromedp.Action { return chromedp.Evaluate(js, nil) }
