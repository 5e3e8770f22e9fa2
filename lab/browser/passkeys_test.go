package browser

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// plugIn gives the browser an authenticator that holds passkeys.
func (b *browser) plugIn() (id webauthn.AuthenticatorID) {
	b.t.Helper()
	b.do("plugging an authenticator in", webauthn.Enable(), chromedp.ActionFunc(func(ctx context.Context) (err error) {
		id, err = webauthn.AddVirtualAuthenticator(&webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		}).Do(ctx)
		return err
	}))
	return id
}

func (b *browser) held(id webauthn.AuthenticatorID) (list []*webauthn.Credential) {
	b.t.Helper()
	b.do("reading the authenticator", chromedp.ActionFunc(func(ctx context.Context) (err error) {
		list, err = webauthn.GetCredentials(id).Do(ctx)
		return err
	}))
	return list
}

// withoutAutofill makes pages offer passkeys only by a button. With autofill, the
// simulated authenticator would answer at once.
func (b *browser) withoutAutofill() {
	b.t.Helper()
	b.script(`PublicKeyCredential.isConditionalMediationAvailable = async () => false`)
}

// script runs on each page before its own scripts.
func (b *browser) script(source string) {
	b.t.Helper()
	b.do("adding a script", chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := page.AddScriptToEvaluateOnNewDocument(source).Do(ctx)
		return err
	}))
}

const (
	addButton    = `[data-passkey="/account/security/passkeys"] button`
	loginButton  = `[data-passkey="/login/passkey"] button`
	secondButton = `[data-passkey="/login/second/passkey"] button`
	sudoButton   = `[data-passkey="/sudo/passkey"] button`

	removeButton  = `main form[action^="/account/security/passkeys/"]:has([value=DELETE]) [type=submit]`
	restoreButton = `main form[action$="/restore"] [type=submit]`
)

// logOutQuietly logs out, without the checks of logOut.
func (s *story) logOutQuietly() {
	s.t.Helper()
	s.visit("/logout")
	s.press(`main [action="/logout"] [type=submit]`)
}

// alert returns the message beside a button.
func (b *browser) alert(button string) string {
	b.t.Helper()
	return b.text(strings.TrimSuffix(button, " button") + " [role=alert]")
}

func (b *browser) awaitAlert(button, text string) {
	b.t.Helper()
	b.await(element(strings.TrimSuffix(button, " button")+" [role=alert]") + `.textContent.startsWith("` + text + `")`)
}

// awaitQuiet waits until the button can be pressed again.
func (b *browser) awaitQuiet(button string) {
	b.t.Helper()
	b.await(`!` + element(button) + `.hasAttribute("aria-busy")`)
}

func (b *browser) setUp(what string, action func(ctx context.Context) error) {
	b.t.Helper()
	b.do(what, chromedp.ActionFunc(action))
}

func (s *story) addPasskey() {
	s.t.Helper()
	s.visit("/account/security")
	s.press(addButton)
	require.Equal(s.t, "/account/security", s.path())
	require.Len(s.t, s.flashes(), 1)
}

func TestPasskeys(t *testing.T) {
	t.Parallel()
	for _, language := range languages(t) {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			s := openSite(t)
			zoe := s.signedUpAs(t, "zoe@example.com", person{language: language, looks: true})
			zoe.withoutAutofill()
			authenticator := zoe.plugIn()
			zoe.addPasskey()
			require.Len(t, zoe.held(authenticator), 1)
			zoe.see("security-passkey")
			zoe.click(addButton)
			zoe.await(`document.querySelector("[data-new] [role=alert]").textContent !== ""`)
			zoe.see("security-passkey-there")

			zoe.click("summary")
			zoe.fill("details [name=name]", " ")
			zoe.press("details [type=submit]")
			zoe.requireError("name")
			zoe.see("security-passkey-name-error")
			zoe.press(removeButton)
			zoe.see("security-passkey-removed")
			zoe.press(restoreButton)
			require.Len(t, zoe.flashes(), 1)

			zoe.logOutQuietly()
			zoe.visit("/login?next=/account/sessions")
			zoe.see("login-passkey")
			zoe.press(loginButton)
			require.Equal(t, "/account/sessions", zoe.path())
			require.Len(t, zoe.flashes(), 1)

			s.tenMinutesLater(t)
			zoe.visit("/sudo?next=/account/security")
			zoe.see("sudo-passkey")
			zoe.press(sudoButton)
			require.Equal(t, "/account/security", zoe.path())

			zoe.press(`main form[action="/account/password"]:has([value=DELETE]) [type=submit]`)
			require.Equal(t, "/account/security/recovery-codes", zoe.path())
			zoe.visit("/account/security")
			zoe.see("security-without-password")
			zoe.press(removeButton)
			zoe.see("security-last-way-in")
			s.tenMinutesLater(t)
			zoe.visit("/sudo")
			zoe.see("sudo-without-password")

			zoe.logOutQuietly()
			zoe.visit("/password/forgot")
			zoe.fill("[name=email]", zoe.email)
			zoe.press(`[action="/password/forgot"] [type=submit]`)
			zoe.visit(s.mails.Link(t, zoe.email, "/password/reset/"))
			require.Equal(t, "/login/second", zoe.path())
			zoe.see("login-second-reset")
			zoe.press(secondButton)
			require.Equal(t, "/password/reset", zoe.path())
		})
	}
}

// atSecondStep returns a person who has typed the password and whose passkey is the second step.
func atSecondStep(t *testing.T, p person) *story {
	t.Helper()
	s := openSite(t)
	zoe := s.signedUpAs(t, "zoe@example.com", p)
	zoe.withoutAutofill()
	zoe.plugIn()
	zoe.addPasskey()
	zoe.logOutQuietly()
	_, err := s.database(t).Exec("UPDATE users SET second_step = TRUE")
	require.NoError(t, err)
	zoe.visit("/login")
	zoe.logIn(zoe.password)
	return zoe
}

func TestPasskeys_AsSecondStep(t *testing.T) {
	t.Parallel()
	zoe := atSecondStep(t, person{})
	require.Equal(t, "/login/second", zoe.path())
	zoe.click("[name=skip]")
	zoe.press(secondButton)
	require.Equal(t, "/", zoe.path())
	zoe.logOutQuietly()
	zoe.visit("/login")
	zoe.logIn(zoe.password)
	require.Equal(t, "/", zoe.path(), "the second step was skipped")
}

func TestPasskeys_PageOfAnotherLogin(t *testing.T) {
	t.Parallel()
	zoe := atSecondStep(t, person{noisy: true}) // because of the answer with 422
	evaluate[string](zoe.browser, `document.querySelector("main form").elements.link.value += "x"`)
	zoe.click(secondButton)
	zoe.awaitAlert(secondButton, "Since this form was shown, a link was opened in this browser")
}

// Chromium offers passkeys in the list of saved passwords. Its simulated authenticator
// chooses one at once.
func TestPasskeys_Autofill(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	zoe := s.signedUpAs(t, "zoe@example.com", person{wholeChromium: true})
	zoe.plugIn()
	zoe.addPasskey()
	zoe.logOutQuietly()
	zoe.visit("/login")
	zoe.await(`location.pathname === "/" && document.readyState === "complete"`)
	require.Equal(t, []string{"You were logged in."}, zoe.flashes())
}

// A challenge expires after five minutes.
func TestPasskeys_AutofillRenewsItsChallenge(t *testing.T) {
	t.Parallel()
	b := openBrowser(t, openSite(t), person{})
	b.script(`{
		const now = Date.now, every = setInterval
		window.passed = window.ticks = window.prompts = 0
		Date.now = () => now() + passed
		setInterval = (f) => every(() => { ticks++; f() }, 10)
		PublicKeyCredential.isConditionalMediationAvailable = async () => true
		window.asked = 0
		navigator.credentials.get = ({ signal, mediation }) => new Promise((_, reject) => {
			if (mediation === "conditional") asked++; else prompts++
			signal.addEventListener("abort", () => reject(signal.reason))
		})
	}`)
	b.visit("/login")
	b.await("asked === 1")
	evaluate[any](b, "passed = 4 * 60 * 1000; null")
	b.await("asked === 2")
	b.click(loginButton)
	b.await("prompts === 1")
	evaluate[any](b, "passed += 4 * 60 * 1000; ticks = 0; null")
	b.await("ticks > 2")
	require.Equal(t, 2, evaluate[int](b, "asked"), "no renewal while the browser asks for a passkey")
}

// The page shows no error to a user who cancels.
func TestPasskeys_CancelledOrUnverified(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	zoe := s.signedUp(t, "zoe@example.com")
	zoe.withoutAutofill()
	authenticator := zoe.plugIn()
	zoe.addPasskey()
	zoe.logOutQuietly()
	zoe.visit("/login")
	zoe.setUp("failing the fingerprint", webauthn.SetUserVerified(authenticator, false).Do)
	zoe.click(loginButton)
	zoe.awaitQuiet(loginButton)
	require.Equal(t, "/login", zoe.path())
	require.Empty(t, zoe.alert(loginButton))
	zoe.setUp("showing the finger", webauthn.SetUserVerified(authenticator, true).Do)
	zoe.press(loginButton)
	require.Equal(t, "/", zoe.path())
}

// A passkey that the user removes stays in the authenticator, because the user may undo
// the removal. A passkey that the app does not know is removed from the authenticator.
func TestPasskeys_RemovedAndUnknown(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	zoe := s.signedUpAs(t, "zoe@example.com", person{noisy: true}) // because of answers with 404 and 422
	zoe.withoutAutofill()
	authenticator := zoe.plugIn()
	zoe.addPasskey()
	zoe.press(removeButton)
	zoe.logOutQuietly()
	zoe.visit("/login")
	zoe.click(loginButton)
	zoe.awaitAlert(loginButton, "That passkey was not accepted.")
	require.Len(t, zoe.held(authenticator), 1)
	zoe.logIn(zoe.password)
	zoe.visit("/account/security")
	zoe.press(restoreButton)
	zoe.logOutQuietly()
	zoe.visit("/login")
	zoe.press(loginButton)
	require.Equal(t, "/", zoe.path())

	zoe.logOutQuietly()
	_, err := s.database(t).Exec("DELETE FROM factors")
	require.NoError(t, err)
	zoe.visit("/login")
	zoe.click(loginButton)
	zoe.awaitAlert(loginButton, "This site does not know that passkey.")
	if evaluate[bool](zoe.browser, `"signalUnknownCredential" in PublicKeyCredential`) {
		require.Empty(t, zoe.held(authenticator))
	}
}

// Each tab has its own challenge.
func TestPasskeys_TwoTabs(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	zoe := s.signedUp(t, "zoe@example.com")
	other := &story{browser: zoe.tab(), email: zoe.email, password: zoe.password}
	for _, tab := range []*story{zoe, other} {
		tab.withoutAutofill()
		tab.plugIn()
		tab.addPasskey()
	}
	zoe.logOutQuietly()
	for _, tab := range []*story{zoe, other} {
		tab.visit("/login")
	}
	for _, tab := range []*story{zoe, other} {
		tab.press(loginButton)
		require.Equal(t, "/", tab.path())
	}
}

func TestPasskeys_OfTwoAccounts(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	zoe := s.signedUp(t, "zoe@example.com")
	zoe.withoutAutofill()
	zoe.plugIn()
	zoe.addPasskey()
	zoe.logOutQuietly()
	zoe.email, zoe.password = "yan@example.com", secondPassword
	zoe.visit("/signup")
	zoe.fill("[name=email]", zoe.email)
	zoe.press(`[action="/signup"] [type=submit]`)
	zoe.visit(s.mails.Link(t, zoe.email, "/signup/"))
	zoe.fill("[name=password]", zoe.password)
	zoe.press(`[action="/signup/password"] [type=submit]`)
	zoe.addPasskey()
	s.tenMinutesLater(t)
	zoe.visit("/sudo")
	zoe.press(sudoButton)
	require.Equal(t, "/account", zoe.path(), "the passkey of this account")
	require.Contains(t, zoe.text("main"), "yan@example.com")
}

// The authenticator shows the account's current email.
func TestPasskeys_ChangedEmail(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	zoe := s.signedUp(t, "zoe@example.com")
	zoe.withoutAutofill()
	authenticator := zoe.plugIn()
	zoe.addPasskey()
	_, err := s.database(t).Exec("UPDATE users SET email = 'zoe@example.org'")
	require.NoError(t, err)
	zoe.visit("/account")
	require.Equal(t, "zoe@example.org", zoe.held(authenticator)[0].UserName)
}

func TestPasskeys_WithoutScriptOrSupport(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	b := openBrowser(t, s, person{noScript: true})
	b.visit("/login")
	require.Contains(t, b.text("main"), "Passkeys need JavaScript, which is off or blocked here.")
	require.NotContains(t, b.text("main"), "Log in with a passkey")

	zoe := s.signedUp(t, "zoe@example.com")
	zoe.plugIn()
	zoe.addPasskey()
	_, err := s.database(t).Exec("UPDATE users SET second_step = TRUE")
	require.NoError(t, err)
	zoe.script(`delete window.PublicKeyCredential`)
	requireMissing := func(path, button string) {
		t.Helper()
		require.Equal(t, path, zoe.path())
		require.Contains(t, zoe.text("main"), "This browser cannot use passkeys.")
		require.False(t, evaluate[bool](zoe.browser, element(button)+".checkVisibility()"))
	}
	zoe.visit("/account/security")
	requireMissing("/account/security", addButton)
	s.tenMinutesLater(t)
	zoe.visit("/sudo")
	requireMissing("/sudo", sudoButton)
	zoe.logOutQuietly()
	zoe.visit("/login")
	zoe.logIn(zoe.password)
	requireMissing("/login/second", secondButton)
	zoe.visit("/login")
	require.NotContains(t, zoe.text("main"), "passkey")
}
