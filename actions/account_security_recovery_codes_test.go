package actions

import (
	"net/url"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/models/modelstest"
)

var shownCode = regexp.MustCompile(`<code class="recovery">([^<]*)</code>`)

// recoveryCodes returns the codes that the page shows.
func (b *browser) recoveryCodes() (codes []string) {
	b.site.t.Helper()
	a := b.Get("/account/security/recovery-codes")
	require.Equal(b.site.t, 200, a.StatusCode)
	require.Equal(b.site.t, "no-store", a.Header.Get("Cache-Control"))
	for _, found := range shownCode.FindAllStringSubmatch(a.Page, -1) {
		codes = append(codes, found[1])
	}
	return codes
}

func TestAccountSecurityRecoveryCodes_ShownOnce(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	b.setTOTP()
	require.LessOrEqual(t, len(b.sessionCookie()), 4096)
	b.Header.Set("Sec-Purpose", "prefetch")
	require.Empty(t, b.recoveryCodes(), "the user does not see a prefetch")
	b.Header.Del("Sec-Purpose")
	b.Send("HEAD", "/account/security/recovery-codes", nil)
	codes := b.recoveryCodes()
	require.Len(t, codes, 10)
	for _, code := range codes {
		require.Regexp(t, `^([A-Z2-7]{4}-){5}[A-Z2-7]{4}$`, code)
	}
	require.Empty(t, b.recoveryCodes())
	require.Contains(t, b.Get("/account/security/recovery-codes").Page, "You have 10 recovery codes left.")

	other := s.browser()
	other.logIn("ada@example.com")
	require.Equal(t, "/", other.Post("/login/second", url.Values{"code": {codes[0]}}).Location())
	require.Contains(t, b.Get("/account/security").Page, "You have 9 recovery codes left.")
	require.Empty(t, other.recoveryCodes())
}

// A new language shows the page again, which would no longer have the codes.
func TestAccountSecurityRecoveryCodes_NoLanguageFormBesideNewCodes(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	b.setTOTP()
	const form = `action="/language"`
	page := b.Get("/account/security/recovery-codes").Page
	require.Regexp(t, shownCode, page)
	require.NotContains(t, page, form)
	require.Contains(t, b.Get("/account/security/recovery-codes").Page, form)
}

func TestAccountSecurityRecoveryCodes_NewOnesVoidTheOld(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	b.setTOTP()
	old := b.recoveryCodes()
	before := len(modelstest.Mails(t, "ada@example.com"))
	a := b.Post("/account/security/recovery-codes", nil)
	require.Equal(t, 303, a.StatusCode)
	require.Equal(t, "/account/security/recovery-codes", a.Location())
	fresh := b.recoveryCodes()
	require.Len(t, fresh, 10)
	require.Equal(t, []string{"codes_added"}, modelstest.Mails(t, "ada@example.com")[before:])
	other := s.browser()
	other.logIn("ada@example.com")
	require.Equal(t, 422, other.Post("/login/second", url.Values{"code": {old[0]}}).StatusCode)
	require.Equal(t, "/", other.Post("/login/second", url.Values{"code": {fresh[0]}}).Location())
}

func TestAccountSecurityRecoveryCodes_NotWithoutSecondStep(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	require.Empty(t, b.recoveryCodes())
	a := b.Post("/account/security/recovery-codes", nil)
	require.Equal(t, 422, a.StatusCode)
	require.Contains(t, a.Page, `role="alert">Recovery codes come with the second step at login.`)
	b.Header.Set("Accept", "application/json")
	require.JSONEq(t, `{"type":"about:blank","title":"Unprocessable Entity","status":422,"detail":"Recovery codes come with the second step at login. Turn it on to get them.",
		"errors":{"codes":["Recovery codes come with the second step at login. Turn it on to get them."]}}`, b.Post("/account/security/recovery-codes", nil).Page)
}
