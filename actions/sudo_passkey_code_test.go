package actions

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/internal/passkey/passkeytest"
	"corral/internal/web"
	"corral/models"
	"corral/models/modelstest"
)

// A page shows the form of a sudo route only to users who have confirmed: others would lose
// what they type.
func TestSudo_FormsAreForConfirmedUsers(t *testing.T) {
	s := newSite(t)
	ada, _ := s.withPasskey("ada@example.com")
	ada.addsPasskey(passkeytest.New(origin))
	// Removed passkeys, recovery codes and links of a former email have forms, too.
	require.Equal(t, "/account/security", ada.Delete(passkeysPath+"/"+newestFactor(t).ID.String(), nil).Location())
	ada.setTOTP()
	require.Len(t, ada.recoveryCodes(), 10)
	ada.Put("/account/email", url.Values{"email": {"ada@new.example"}})
	ada.Post("/account/email/confirm/"+modelstest.Link(t, "ada@new.example", models.MailEmailConfirm), nil)
	pages := func() (forms string) {
		for _, path := range []string{"/account", "/account/security", "/account/security/recovery-codes", "/account/security/totp"} {
			forms += ada.Get(path).Page
		}
		return forms
	}
	confirmed := pages()
	models.Clock.Move(10 * time.Minute) // the confirmation expires
	unconfirmed := pages()
	shown := 0
	for _, r := range app.Routes() {
		if routes.Describe(r, user) != "sudo" || r.Method == "GET" || strings.Contains(r.Path, "{provider}") || strings.HasPrefix(r.Path, "/auth/") { // this app has no provider
			continue
		}
		path := strings.TrimSuffix(web.TrimSlash(r.Path), "/options")
		path = strings.ReplaceAll(regexp.QuoteMeta(path), `\{id\}`, `[^/"]+`)
		form := regexp.MustCompile(`(action|data-passkey)="` + path + `"`)
		require.False(t, form.MatchString(unconfirmed), path)
		if form.MatchString(confirmed) {
			shown++
		}
	}
	require.GreaterOrEqual(t, shown, 15, "forms of the app; yours may be on other pages")
}
