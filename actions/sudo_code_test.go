package actions

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/internal/passkey/passkeytest"
	"corral/internal/web"
	"corral/models"
	"corral/models/modelstest"
)

// A page shows the form of a sudo route only to users who have confirmed. What other users
// type would be lost.
func TestSudo_FormsAreForConfirmedUsers(t *testing.T) {
	s := newSite(t)
	ada, _ := s.withPasskey("ada@example.com")
	ada.addsPasskey(passkeytest.New(origin))
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
	models.Clock.Move(10 * time.Minute)
	unconfirmed := pages()
	shown := 0
	for _, r := range app.Routes() {
		if Guard(r) != "sudo" || r.Method == "GET" || strings.Contains(r.Path, "{provider}") { // this site has none
			continue
		}
		path := strings.TrimSuffix(web.TrimSlash(r.Path), "/options")
		path = strings.ReplaceAll(regexp.QuoteMeta(path), `\{id\}`, `[^/"]+`)
		form := regexp.MustCompile(`(action|data-passkey)="` + path + `"`)
		require.False(t, form.MatchString(unconfirmed), path)
		if path != "/account/security/totp" || r.Method == "DELETE" {
			require.True(t, form.MatchString(confirmed), path)
			shown++
		}
	}
	require.Greater(t, shown, 10)
}

// With the second step on, a password does not confirm.
func TestSudo_NeedsACodeWithTheSecondStepOn(t *testing.T) {
	s := newSite(t)
	models.Clock.Stop()
	codes := s.withSecondStep("ada@example.com")
	b := s.browser()
	b.logIn("ada@example.com")
	b.secondStep(codes[0])
	models.Clock.Move(10 * time.Minute)
	page := b.Get("/sudo").Page
	require.Contains(t, page, `name="code" type="text"`)
	require.NotContains(t, page, `type="password"`)
	for _, form := range []url.Values{{"password": {modelstest.Password}}, {"code": {codes[0]}}, {}} {
		a := b.Post("/sudo", form)
		require.Equal(t, 422, a.StatusCode)
		require.Contains(t, a.Page, `id="code-error" role="alert">That code is not valid.<`)
	}
	require.Equal(t, "/sudo", b.Delete("/account", nil).LocationPath())
	a := b.Post("/sudo", url.Values{"code": {codes[1]}, "next": {"/account/sessions"}})
	require.Equal(t, 303, a.StatusCode)
	require.Equal(t, "/account/sessions", a.Location())
	require.Equal(t, "/welcome", b.Delete("/account", nil).Location())
}

func TestSudo_WrongCodesWaitAndEndTheSession(t *testing.T) {
	s := newSite(t)
	models.Clock.Stop()
	modelstest.SignUp(t, "ada@example.com")
	key, codes := modelstest.SetTOTP(t, "ada@example.com")
	b := s.browser()
	b.logIn("ada@example.com")
	b.secondStep(codes[0])
	models.Clock.Move(10 * time.Minute)
	for range 5 {
		require.Equal(t, 422, b.Post("/sudo", url.Values{"code": {modelstest.WrongCode(key)}}).StatusCode)
	}
	a := b.Post("/sudo", url.Values{"code": {modelstest.WrongCode(key)}})
	require.Equal(t, 429, a.StatusCode)
	require.Equal(t, "1", a.Header.Get("Retry-After"))
	for range 4 {
		require.Equal(t, 422, b.Post("/sudo", url.Values{"code": {"a wrong code"}}).StatusCode)
	}
	require.Equal(t, "/login", b.Post("/sudo", url.Values{"code": {"a wrong code"}}).LocationPath())
	require.Equal(t, []string{"The confirmation failed 10 times in a row, so you were logged out. Log in again to continue."}, apptest.Flashes(b.Get("/login").Page))
}
