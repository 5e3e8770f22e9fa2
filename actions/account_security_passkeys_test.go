package actions

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/internal/apptest"
	"corral/models"
	"corral/models/modelstest"
)

// An account may have only passkeys: an undo made its password void.
func TestAccountSecurityPasskeys_Alone(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	s.addPasskey("ada@example.com")
	require.NoError(t, models.DB.RawQuery("UPDATE users SET password_digest = ''").Exec())
	page := b.Get("/account/security").Page
	require.Contains(t, page, `<p class="lead"><span>You can log in only with a passkey.</span> </p>`)
	require.NotContains(t, page, "password alone")
}

// Where passkeys are off, a confirmed user can still remove one.
func TestAccountSecurityPasskeys_WhilePasskeysAreOff(t *testing.T) {
	s := newSite(t, func(c *config.Config) { c.Host, _ = url.Parse("http://127.0.0.1:3000") })
	modelstest.SignUp(t, "ada@example.com")
	s.addPasskey("ada@example.com")
	b := s.confirmedTenMinutesAgo("ada@example.com")
	section := func() string {
		_, page, _ := strings.Cut(b.Get("/account/security").Page, `aria-labelledby="passkeys-heading"`)
		page, _, _ = strings.Cut(page, "</section>")
		return page
	}
	require.Contains(t, section(), "Passkeys are off")
	require.Contains(t, section(), "Confirm that it is you")
	require.NotContains(t, section(), `action="`)
	b.confirm(modelstest.Password)
	require.Contains(t, section(), `action="/account/security/passkeys/`)
	require.NotContains(t, section(), "Confirm that it is you")
}

// A browser refuses to add a passkey again that the account has removed, but still keeps.
func TestAccountSecurityEnrol_ByTakingAPasskeyBack(t *testing.T) {
	s := newEnrolSite(t)
	modelstest.SignUp(t, "ada@example.com")
	s.addPasskey("ada@example.com")
	user, removed := s.user("ada@example.com"), &models.Factor{}
	require.NoError(t, models.DB.First(removed))
	require.NoError(t, user.RemovePasskey(t.Context(), removed.ID.String(), models.Client{}))
	attacker, owner := s.loggedIn("ada@example.com", safari), s.loggedIn("ada@example.com", firefox)
	owner.Post("/account/security/enrol/"+modelstest.Link(t, "ada@example.com", models.MailEnrol), url.Values{})

	restore := "/account/security/passkeys/" + removed.ID.String() + "/restore"
	attacker.Post(restore, nil)
	for b, offered := range map[*browser]bool{attacker: false, owner: true} {
		require.Equal(t, offered, strings.Contains(b.Get("/account/security").Page, `action="`+restore+`"`))
	}
	owner.Post(restore, nil)
	require.Contains(t, apptest.Flashes(owner.Get("/account/security").Page), "The passkey is in use again.")
	require.Equal(t, "/account/security", owner.Get("/").Location(), "a passkey alone does not turn the second step on")
	owner.Put("/account/security/second-step", url.Values{"on": {"true"}})
	owner.requireLoggedIn("ada@example.com")
	attacker.requireLoggedOut()
}
