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

// requiring starts the app with SECOND_FACTOR=required.
func requiring(t testing.TB, changes ...func(*config.Config)) *site {
	t.Helper()
	changes = append(changes, func(c *config.Config) { c.SecondStepRequired = true })
	modelstest.Configure(t, changes...)
	return newSite(t, changes...)
}

// openTo holds the routes that a user without a second step reaches. The value is true if
// the session must have redeemed a mailed link first.
var openTo = map[string]bool{
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

func TestAccountSecurityEnrol_AfterTheSessionEnded(t *testing.T) {
	s := requiring(t)
	ada := modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	enrol := "/account/security/enrol/" + modelstest.Link(t, "ada@example.com", models.MailEnrol)
	endSessionsAt(t, enrol, ada)
	require.Equal(t, "/login", b.Post(enrol, url.Values{}).LocationPath())
	require.Equal(t, 200, s.loggedIn("ada@example.com", firefox).Get(enrol).StatusCode, "the link was not redeemed")
}

func TestAccountSecurityEnrol_NothingElseIsReached(t *testing.T) {
	log := captureLog(t)
	s := requiring(t)
	modelstest.SignUp(t, "ada@example.com")
	for _, linked := range []bool{false, true} {
		b := s.loggedIn("ada@example.com", firefox)
		require.NoError(t, models.DB.RawQuery("UPDATE sessions SET may_enrol = ?", linked).Exec()) // true as after the mailed link
		before, guarded, logged := rows(t), 0, len(log.String())
		for _, r := range app.Routes() {
			if g := routes.Describe(r, user); g != "user" && g != "sudo" {
				continue
			}
			name := r.Method + " " + web.TrimSlash(r.Path)
			a := b.Send(r.Method, fillPath(r.Path), url.Values{})
			if needsLink, open := openTo[name]; open && (linked || !needsLink) {
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
			background := s.browser()
			background.SetCookie(sessionCookieName, b.sessionCookie())
			background.Header.Set("Accept", "application/json")
			require.Equal(t, 403, background.Send(r.Method, fillPath(r.Path), url.Values{}).StatusCode, name)
		}
		require.Greater(t, guarded, 10)
		require.Equal(t, 2*guarded, strings.Count(log.String()[logged:], `event="guard refused"`))
		require.Equal(t, before, rows(t))
		require.Equal(t, 200, b.Get("/account/security").StatusCode, "still logged in")
		require.Equal(t, 303, b.logOut().StatusCode)
	}
}

// The hourly limit of mails to an email also limits the mails of enrolment.
func TestAccountSecurityEnrol_MailIsLimited(t *testing.T) {
	s := requiring(t)
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
