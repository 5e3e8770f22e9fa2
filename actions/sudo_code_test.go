package actions

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/models"
	"corral/models/modelstest"
)

// unconfirmedWithCodes returns a browser that logged in with the first of the recovery codes and
// needs a confirmation.
func unconfirmedWithCodes(t *testing.T) (b *browser, codes []string) {
	s := newSite(t)
	models.Clock.Stop()
	codes = s.withSecondStep("ada@example.com")
	b = s.browser()
	b.logIn("ada@example.com")
	b.secondStep(codes[0])
	models.Clock.Move(10 * time.Minute) // the confirmation expires
	return b, codes
}

// With the second step on, a password does not confirm.
func TestSudo_NeedsACodeWithTheSecondStepOn(t *testing.T) {
	b, codes := unconfirmedWithCodes(t)
	page := b.Get("/sudo").Page
	require.Contains(t, page, `name="code" type="text"`)
	require.NotContains(t, page, `type="password"`)
	require.NotContains(t, page, "/password/forgot", "a reset confirms nothing")
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

func TestSudo_CodeAndAChangeMeanwhile(t *testing.T) {
	b, codes := unconfirmedWithCodes(t)
	b.Get("/")                         // shows the flash message
	models.Clock.Move(2 * time.Minute) // the next request updates the session
	end := changeMeanwhile(t, "UPDATE")
	a := b.Post("/sudo", url.Values{"code": {codes[1]}, "next": {"/account"}})
	end()
	require.Equal(t, "/account", a.Location())
	require.Equal(t, []string{"That was not done: your account was changed meanwhile. Please try again."}, apptest.Flashes(b.Get("/account").Page))
	require.Equal(t, "/account", b.Post("/sudo", url.Values{"code": {codes[1]}}).Location(), "the code still works")
}

func TestSudo_WrongCodesWaitAndEndTheSession(t *testing.T) {
	s := newSite(t)
	models.Clock.Stop()
	modelstest.SignUp(t, "ada@example.com")
	key, codes := modelstest.SetTOTP(t, "ada@example.com")
	b := s.browser()
	b.logIn("ada@example.com")
	b.secondStep(codes[0])
	models.Clock.Move(10 * time.Minute) // the confirmation expires
	for range 5 {
		require.Equal(t, 422, b.Post("/sudo", url.Values{"code": {modelstest.WrongCode(key)}}).StatusCode)
	}
	a := b.Post("/sudo", url.Values{"code": {modelstest.WrongCode(key)}})
	require.Equal(t, 429, a.StatusCode)
	require.Equal(t, "1", a.Header.Get("Retry-After"))
	for range 4 {
		models.Clock.Move(time.Minute) // the wait ends
		require.Equal(t, 422, b.Post("/sudo", url.Values{"code": {"a wrong code"}}).StatusCode)
	}
	models.Clock.Move(time.Minute) // the wait ends
	require.Equal(t, "/login", b.Post("/sudo", url.Values{"code": {"a wrong code"}}).LocationPath())
	require.Equal(t, []string{"The confirmation failed 10 times in a row, so you were logged out. Log in again to continue."}, apptest.Flashes(b.Get("/login").Page))
}
