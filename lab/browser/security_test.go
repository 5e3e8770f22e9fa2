package browser

import (
	"encoding/base32"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/internal/totp"
)

// TestSecurity uses an account for a while, and checks what its security page shows.
func TestSecurity(t *testing.T) {
	t.Parallel()
	for _, language := range languages(t) {
		for name, p := range map[string]person{
			"JavaScript":    {language: language, screen: wideLight, looks: true},
			"no JavaScript": {language: language, screen: narrowDark, noScript: true},
		} {
			t.Run(language+"/"+name, func(t *testing.T) { t.Parallel(); openSite(t).useSecurityPage(t, p) })
		}
	}
}

func (s *site) useSecurityPage(t *testing.T, p person) {
	zoe := s.signedUpAs(t, "zoe@example.com", p)
	codes := zoe.setTOTP()
	for i, userAgent := range []string{iPhone, linuxChrome} {
		other := &story{browser: openBrowser(t, s, person{userAgent: userAgent, ip: "198.51.100.24"}), email: zoe.email}
		other.visit("/login")
		other.logIn(zoe.password)
		other.fill("[name=code]", codes[i])
		other.click("[name=skip]")
		other.press(`[action="/login/second"] [type=submit]`)
		require.Equal(t, "/", other.path())
	}
	const browsers = `main form[action^="/account/security/browsers/"]`
	zoe.visit("/account/security")
	zoe.see("security-browsers")
	zoe.press(browsers + " [type=submit]")
	require.Len(t, zoe.flashes(), 1)
	require.Equal(t, 1, evaluate[int](zoe.browser, `document.querySelectorAll('`+browsers+`').length`))

	zoe.visit("/account")
	zoe.fill(`[action="/account/email"] [name=email]`, "zoe@example.org")
	zoe.press(`[action="/account/email"] [type=submit]`)
	zoe.visit(s.mails.Link(t, "zoe@example.org", "/account/email/confirm/"))
	zoe.press(`main [action^="/account/email/confirm/"] [type=submit]`)
	const endLinks = `main form[action^="/account/security/links/"] `
	zoe.visit("/account/security")
	zoe.fill(endLinks+"[name=code]", "000000")
	zoe.press(endLinks + "[type=submit]")
	zoe.requireError("code")
	zoe.see("security-links-error")

	// As if an undo were to remove TOTP in an hour.
	_, err := s.database(t).Exec("INSERT INTO undo_parts (id, user_id, number, factor_id, due_at) SELECT ?, user_id, 1, id, ? FROM factors WHERE kind = 'totp'",
		uuid.Must(uuid.NewV7()).String(), time.Now().UTC().Add(time.Hour))
	require.NoError(t, err)
	s.tenMinutesLater(t)
	zoe.visit("/account/security")
	zoe.see("security-waiting-unconfirmed")
	zoe.press(`main [aria-labelledby=password-heading] a`)
	zoe.see("sudo-code")
	zoe.fill("[name=code]", codes[2])
	zoe.press(`[action="/sudo"] [type=submit]`)
	require.Equal(t, "/account/security", zoe.path())

	// As if the user had logged in by a recovery code, and the codes were older than the history.
	_, err = s.database(t).Exec("UPDATE sessions SET factor_id = (SELECT id FROM factors WHERE kind = 'codes')")
	require.NoError(t, err)
	_, err = s.database(t).Exec("DELETE FROM changes WHERE kind = 'codes_added'")
	require.NoError(t, err)
	zoe.visit("/account/security")
	zoe.see("security-waiting")
	zoe.press(`[action="/account/security/undo"] [value=stop]`)
	require.Len(t, zoe.flashes(), 1)
	require.False(t, zoe.has(`[action="/account/security/undo"]`))
	zoe.visit("/account/activity")
	zoe.see("activity-security")
	zoe.visit(s.mails.Link(t, zoe.email, "/not-me/"))
	zoe.see("not-me-waits")
}

// The pages of a user that must set up a second step before anything else.
func TestSecurity_Required(t *testing.T) {
	t.Parallel()
	for _, language := range languages(t) {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			s := openSite(t)
			s.restart(t, "SECOND_FACTOR=required")
			zoe := &story{browser: openBrowser(t, s, person{language: language, looks: true}), email: "zoe@example.com", password: firstPassword}
			zoe.visit("/signup")
			zoe.fill("[name=email]", zoe.email)
			zoe.press(`[action="/signup"] [type=submit]`)
			zoe.visit(s.mails.Link(t, zoe.email, "/signup/"))
			zoe.fill("[name=password]", zoe.password)
			zoe.press(`[action="/signup/password"] [type=submit]`)
			require.Equal(t, "/account/security", zoe.path())
			zoe.see("security-enrol")
			zoe.logOutQuietly()
			zoe.visit("/login")
			zoe.logIn(zoe.password)
			require.Equal(t, "/account/security", zoe.path())
			zoe.see("security-enrol-mailed")
			zoe.visit(s.mails.Link(t, zoe.email, "/account/security/enrol/"))
			zoe.see("enrol")
			zoe.press(`main [action^="/account/security/enrol/"] [type=submit]`)
			zoe.setTOTP()
			zoe.visit("/")
			require.Equal(t, "/", zoe.path())
		})
	}
}

// setTOTP sets TOTP up on the pages.
func (s *story) setTOTP() (codes []string) {
	s.t.Helper()
	s.visit("/account/security/totp")
	key, err := base32.StdEncoding.DecodeString(strings.ReplaceAll(s.text("#totp-key"), " ", ""))
	require.NoError(s.t, err)
	s.fill("[name=code]", totp.Code(key, time.Now()))
	s.press(`[action="/account/security/totp"] [type=submit]`)
	codes = evaluate[[]string](s.browser, `[...document.querySelectorAll("code.recovery")].map(code => code.textContent)`)
	require.Len(s.t, codes, 10)
	return codes
}
