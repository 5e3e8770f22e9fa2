package actions

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/models"
	"corral/models/modelstest"
)

func TestAccountPassword_Remove(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "eve@example.com")
	eve := s.loggedIn("eve@example.com", firefox)
	refused := eve.Delete("/account/password", nil)
	require.Equal(t, 422, refused.StatusCode)
	require.Contains(t, refused.Page, `role="alert" tabindex="-1" autofocus>Add a passkey first.`)
	require.NotContains(t, refused.Page, `>Set a password</button>`, "the account has one")

	ada, a := s.withPasskey("ada@example.com")
	phone := s.loggedIn("ada@example.com", safari)
	require.Contains(t, ada.Get("/account/security").Page, "Remove the password")
	require.Equal(t, "/account/security/recovery-codes", ada.Delete("/account/password", nil).Location())
	page := ada.Get("/account/security/recovery-codes").Page
	require.Equal(t, []string{"Your password was removed. Every other device was logged out."}, apptest.Flashes(page))
	require.Len(t, shownCode.FindAllString(page, -1), 10, "the second step was turned on")
	page = ada.Get("/account/security").Page
	require.Contains(t, page, `>Set a password</button>`)
	require.NotContains(t, page, "Remove the password")
	require.Contains(t, page, `<p class="lead"><span>You can log in only with a passkey.</span> <span>You have 10 recovery codes left.</span> `)
	require.Contains(t, page, "To turn the second step off, set a password first.")
	require.NotRegexp(t, "password alone|fter your password", page)
	require.Equal(t, "/login", phone.Get("/").LocationPath())
	require.Equal(t, 422, s.browser().logIn("ada@example.com").StatusCode)
	user, err := models.FindUserByEmail(t.Context(), "ada@example.com")
	require.NoError(t, err)
	require.True(t, user.SecondStep)
	require.Equal(t, "/account/security", ada.Delete("/account/password", nil).Location(), "the password was removed before")
	require.Equal(t, []string{"password_removed"}, mailsAbout(t, "ada@example.com", "password_"))

	last := ada.Delete(passkeysPath+"/"+newestPasskeyOf(t, "ada@example.com"), nil)
	require.Equal(t, 422, last.StatusCode)
	require.Contains(t, last.Page, `role="alert" tabindex="-1" autofocus>You could no longer log in without this passkey.`)
	requireLocation(t, s.browser().usesPasskey("/login/passkey", a), 200, "/")

	require.Equal(t, "/account", ada.Put("/account/password", url.Values{"password": {newPassword}}).Location(), "sets a password again")
	require.Equal(t, []string{"Your password was saved. Every other device was logged out."}, apptest.Flashes(ada.Get("/account").Page))
	user, err = models.FindUserByEmail(t.Context(), "ada@example.com")
	require.NoError(t, err)
	require.True(t, user.HasPassword())
	require.True(t, user.SecondStep, "the second step stays on")
}
