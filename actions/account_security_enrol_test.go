package actions

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/internal/web"
	"corral/models"
	"corral/models/modelstest"
)

// newEnrolSite is newSite with SECOND_FACTOR=required.
func newEnrolSite(t testing.TB, changes ...func(*config.Config)) *site {
	t.Helper()
	changes = append(changes, func(c *config.Config) { c.SecondStepRequired = true })
	modelstest.Configure(t, changes...)
	return newSite(t, changes...)
}

// openUntilEnrolled holds the routes that are open to a user who must set up a second step.
// The value is true if the session must have redeemed a mailed link first.
var openUntilEnrolled = map[string]bool{
	"GET /logout":                                  false,
	"PUT /account/language":                        false,
	"GET /account/security":                        false,
	"GET /account/security/enrol/{token}":          false,
	"POST /account/security/enrol/{token}":         false,
	"GET /sudo":                                    false,
	"GET /sudo/{provider}":                         false,
	"POST /sudo":                                   false,
	"POST /sudo/passkey":                           false,
	"POST /sudo/passkey/options":                   false,
	"GET /account/security/totp":                   true,
	"POST /account/security/totp":                  true,
	"DELETE /account/security/totp":                true,
	"GET /account/security/totp.svg":               true,
	"POST /account/security/passkeys":              true,
	"POST /account/security/passkeys/options":      true,
	"POST /account/security/passkeys/{id}/restore": true,
	"PUT /account/security/second-step":            true,
}

// The session ends between the guard and the change.
func TestAccountSecurityEnrol_SessionEndedMeanwhile(t *testing.T) {
	s := newEnrolSite(t)
	ada := modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	enrol := "/account/security/enrol/" + modelstest.Link(t, "ada@example.com", models.MailEnrol)
	endSessionsAt(t, enrol, ada)
	require.Equal(t, "/login", b.Post(enrol, url.Values{}).LocationPath())
	require.Equal(t, 200, s.loggedIn("ada@example.com", firefox).Get(enrol).StatusCode, "the link still works")
}

func TestAccountSecurityEnrol_NothingElseIsReached(t *testing.T) {
	log := captureLog(t)
	s := newEnrolSite(t)
	modelstest.SignUp(t, "ada@example.com")
	for _, linked := range []bool{false, true} {
		b := s.loggedIn("ada@example.com", firefox)
		require.NoError(t, models.DB.RawQuery("UPDATE sessions SET may_enrol = ?", linked).Exec()) // true: as if it had redeemed a mailed link
		before, guarded, logStart := rows(t), 0, len(log.String())
		for _, r := range app.Routes() {
			if g := routes.Describe(r, user); g != "user" && g != "sudo" {
				continue
			}
			name := r.Method + " " + web.TrimSlash(r.Path)
			a := b.Send(r.Method, fillPath(r.Path), url.Values{})
			if needsLink, open := openUntilEnrolled[name]; open && (linked || !needsLink) {
				require.False(t, a.Location() == "/account/security" && a.StatusCode == 302, name)
				continue
			}
			guarded++
			want := 303
			if r.Method == "GET" {
				want = 302
			}
			require.Equal(t, want, a.StatusCode, name)
			require.Equal(t, "/account/security", a.Location(), name)
			script := s.browser()
			script.SetCookie(sessionCookieName, b.sessionCookie())
			script.Header.Set("Accept", "application/json")
			require.Equal(t, 403, script.Send(r.Method, fillPath(r.Path), url.Values{}).StatusCode, name)
		}
		require.Greater(t, guarded, 10)
		require.Equal(t, 2*guarded, strings.Count(log.String()[logStart:], `event="guard refused"`))
		require.Equal(t, before, rows(t))
		require.Equal(t, 200, b.Get("/account/security").StatusCode, "still logged in")
		require.Equal(t, 303, b.logOut().StatusCode)
	}
}

// Each login asks for a mail, but an email gets at most three an hour.
func TestAccountSecurityEnrol_MailIsLimited(t *testing.T) {
	s := newEnrolSite(t)
	models.Clock.Stop()
	modelstest.SignUp(t, "ada@example.com")
	mails := func() (n int) {
		for _, template := range modelstest.Mails(t, "ada@example.com") {
			if template == models.MailEnrol {
				n++
			}
		}
		return n
	}
	for range 5 {
		s.loggedIn("ada@example.com", firefox)
	}
	require.Equal(t, 3, mails())
	models.Clock.Move(time.Hour)
	s.loggedIn("ada@example.com", firefox)
	require.Equal(t, 4, mails())
}

func TestAccountSecurityEnrol_Optional(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	s.loggedIn("ada@example.com", firefox).requireLoggedIn("ada@example.com")
	require.Empty(t, modelstest.Mails(t, "ada@example.com"))
}
