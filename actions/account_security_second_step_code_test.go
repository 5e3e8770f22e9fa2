package actions

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/models"
	"corral/models/modelstest"
)

func TestAccountSecuritySecondStep_Switch(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	b.Get("/") // shows the flash message
	turn := func(on string) apptest.Response {
		return b.Put("/account/security/second-step", url.Values{"on": {on}})
	}
	a := turn("true")
	require.Equal(t, 422, a.StatusCode)
	require.Contains(t, a.Page, `role="alert" tabindex="-1" autofocus>Add a passkey or an authenticator app first.`)
	require.NotContains(t, a.Page, "Turn on")

	s.addPasskey("ada@example.com")
	requireRefused := func(on bool) {
		for _, form := range []url.Values{{}, {"on": {""}}, {"on": {"maybe"}}, {"on": {"on"}}} {
			a := b.Put("/account/security/second-step", form)
			require.Equal(t, 422, a.StatusCode, form)
			require.Contains(t, a.Page, `role="alert" tabindex="-1" autofocus>Something in the form is missing or wrong.`)
			require.Equal(t, on, s.user("ada@example.com").SecondStep, form)
		}
	}
	requireRefused(false)
	page := b.Get("/account/security").Page
	require.Contains(t, page, `name="on" value="true">Turn on<`)
	require.Contains(t, page, `<span class="badge badge-off">Off<`, "not in the colour of success")
	a = turn("true")
	require.Equal(t, 303, a.StatusCode)
	require.Equal(t, "/account/security/recovery-codes", a.Location())
	require.Len(t, b.recoveryCodes(), 10)
	require.Equal(t, "/account/security/recovery-codes", turn("true").Location(), "on already")
	require.Empty(t, b.recoveryCodes())

	requireRefused(true)
	b.Get("/") // shows the flash messages
	require.Contains(t, b.Get("/account/security").Page, `name="on" value="false">Turn off<`)
	require.Equal(t, "/account/security", turn("false").Location())
	page = b.Get("/account/security").Page
	require.Equal(t, []string{"The second step at login is off. Your recovery codes no longer work."}, apptest.Flashes(page))
	require.Contains(t, page, "Recovery codes come with the second step at login.")
	require.Equal(t, []string{"second_step_on", "second_step_off"}, modelstest.Mails(t, "ada@example.com"))
	require.Equal(t, "/", s.browser().logIn("ada@example.com").Location())

	turn("true")
	require.NoError(t, models.DB.RawQuery("UPDATE users SET password_digest = ''").Exec())
	a = turn("false")
	require.Equal(t, 422, a.StatusCode)
	require.Contains(t, a.Page, `role="alert" tabindex="-1" autofocus>To turn the second step off, set a password first.`)
	require.NotContains(t, a.Page, "Turn off")
}
