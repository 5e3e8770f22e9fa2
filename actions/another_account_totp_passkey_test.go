package actions

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/models"
	"corral/models/modelstest"
)

func TestAnotherAccount_IDsAreNotFound(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	_, _, _, link := s.lostEmail()
	zoe, _ := s.withPasskey("zoe@example.com")
	// Zoe's browser skips the second step.
	require.NoError(t, models.DB.RawQuery("UPDATE device_cookies SET skips_until = expires_at, skip_version = (SELECT credential_version FROM users WHERE users.id = user_id)").Exec())
	idOf := func(table, where string) (id string) {
		require.NoError(t, models.DB.Store.Get(&id, "SELECT id FROM "+table+" WHERE "+where+" AND user_id = (SELECT id FROM users WHERE email = 'zoe@example.com')"))
		return id
	}
	passkeyPath := "/account/security/passkeys/" + idOf("factors", "kind = 'passkey'")
	browserPath := "/account/security/browsers/" + idOf("device_cookies", "skips_until IS NOT NULL")

	modelstest.SignUp(t, "eve@example.com")
	key, _ := modelstest.SetTOTP(t, "eve@example.com")
	eve := s.browser()
	eve.logIn("eve@example.com")
	require.Equal(t, "/", eve.secondStep(modelstest.NextCode(key)).Location())
	for _, table := range []string{"users SET credential_version", "device_cookies SET skip_version"} { // only the account differs
		require.NoError(t, models.DB.RawQuery("UPDATE "+table+" = 99").Exec())
	}
	require.Equal(t, 404, eve.Put(passkeyPath, url.Values{"name": {"Eve's"}}).StatusCode)
	require.Equal(t, 404, eve.Delete(passkeyPath, nil).StatusCode)
	require.Equal(t, 404, zoe.Delete(passkeyPath+"0", nil).StatusCode)
	require.Equal(t, "/account/security", zoe.Delete(passkeyPath, nil).Location())
	require.Equal(t, 404, eve.Post(passkeyPath+"/restore", nil).StatusCode)
	require.Contains(t, zoe.Get("/account/security").Page, "Removed passkeys")
	require.Equal(t, 404, eve.Delete(browserPath, nil).StatusCode)
	require.Equal(t, 404, eve.Delete(link, url.Values{"code": {modelstest.NextCode(key)}}).StatusCode)
}
