package actions

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/models"
	"corral/models/modelstest"
)

// openReset requests a reset and opens its mailed link.
func (b *browser) openReset(email string) {
	t := b.site.t
	t.Helper()
	b.forgot(email)
	a := b.Get("/password/reset/" + modelstest.Link(t, email, models.MailReset))
	require.Equal(t, 302, a.StatusCode)
	require.Equal(t, "/password/reset", a.Location())
}

func (b *browser) reset(password string) apptest.Response {
	b.site.t.Helper()
	return b.Put("/password/reset", url.Values{"password": {password}})
}

// changeCredentials raises the credential versions, as each change of a factor does.
func changeCredentials(t testing.TB) {
	t.Helper()
	require.NoError(t, models.DB.RawQuery("UPDATE users SET credential_version = credential_version + 1").Exec())
}
