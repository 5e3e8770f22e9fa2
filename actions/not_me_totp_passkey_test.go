package actions

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/passkey/passkeytest"
	"corral/models"
	"corral/models/modelstest"
)

// The mailbox may have a new owner: the page shows only the email that the link was mailed to
// and the kinds of changes.
func TestNotMe_ShowsNoCurrentValues(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	b.addsPasskey(passkeytest.New(origin), map[string]any{"name": "Adas new phone"})
	first := "/not-me/" + modelstest.Link(t, "ada@example.com", "passkey_added")
	b.Put("/account/email", url.Values{"email": {"ada@new.example"}})
	b.Post("/account/email/confirm/"+modelstest.Link(t, "ada@new.example", models.MailEmailConfirm), nil)
	b.Put("/account/password", url.Values{"password": {newPassword}})

	a := s.browser().Get(first)
	require.Equal(t, 200, a.StatusCode)
	require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	_, page, _ := strings.Cut(a.Page, "<main")
	page, _, _ = strings.Cut(page, "</main>")
	require.Contains(t, page, "Your account goes back to ada@example.com")
	require.Regexp(t, `(?s)<strong>A passkey was added</strong>.*<ul>\s*<li>Email changed</li>\s*<li>Passkey added</li>\s*</ul>`, page)
	require.Equal(t, 1, strings.Count(page, "<button"))
	for _, current := range []string{"ada@new.example", "phone", "Firefox", "127.0.0.1"} {
		require.NotContains(t, page, current)
	}
	require.NotContains(t, page, "24 hours")

	modelstest.SetTOTP(t, "ada@new.example") // turns the second step on
	require.Contains(t, s.browser().Get(first).Page, "24 hours")
}
