package actions

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/models"
	"corral/models/modelstest"
)

// Prevents an attacker who only reads the mailbox from setting a password.
func TestPasswordReset_AsksForTheSecondStep(t *testing.T) {
	s := newSite(t)
	models.Clock.Stop()
	codes := s.withSecondStep("ada@example.com")
	b := s.browser()
	b.openReset("ada@example.com")
	a := b.Get("/password/reset")
	require.Equal(t, 302, a.StatusCode)
	require.Equal(t, "/login/second", a.Location())
	for _, password := range []string{newPassword, "short", ""} {
		a = b.reset(password)
		require.Equal(t, 303, a.StatusCode)
		require.Equal(t, "/login/second", a.Location())
	}
	page := b.Get("/login/second").Page
	require.Contains(t, page, "To set a new password for ada@example.com, pass the second step.")
	require.NotContains(t, page, `name="skip"`)
	require.Equal(t, 422, b.secondStep("wrong").StatusCode)
	require.Equal(t, "/login/second", b.Get("/password/reset").Location())

	a = b.secondStep(codes[0], "skip")
	require.Equal(t, 303, a.StatusCode)
	require.Equal(t, "/password/reset", a.Location())
	require.Zero(t, count(t, "sessions"), "the second step of a reset does not log in")
	b.requireLoggedOut()
	require.Contains(t, b.Get("/password/reset").Page, "For ada@example.com.")
	require.Equal(t, "/password/reset", b.Get("/login/second").Location(), "the second step is passed")
	require.Equal(t, 422, b.reset("short").StatusCode)

	models.Clock.Move(59 * time.Minute)
	require.Equal(t, "/password/reset", b.Get("/login/second").Location())
	require.Equal(t, 200, b.Get("/password/reset").StatusCode, "the second step stays passed until the link ends")
	require.Equal(t, "/login", b.reset(newPassword).Location())
	a = b.Post("/login", url.Values{"email": {"ada@example.com"}, "password": {newPassword}})
	require.Equal(t, "/login/second", a.Location(), "the second step stays on")
	require.Equal(t, "/", b.secondStep(codes[1]).Location(), "its factors stay, too")
}

// A second step that was passed for one link opens no other link. It ends with a change of
// credentials, and with a login as another user.
func TestPasswordReset_SecondStepIsOfOneLink(t *testing.T) {
	for name, change := range map[string]func(s *site, b *browser){
		"another link":            func(s *site, b *browser) { b.openReset("ada@example.com") },
		"a link to another user":  func(s *site, b *browser) { s.withSecondStep("bob@example.com"); b.openReset("bob@example.com") },
		"a change of credentials": func(*site, *browser) { changeCredentials(t) },
		"a login as another user": func(s *site, b *browser) {
			s.withSecondStep("bob@example.com")
			b.logIn("bob@example.com")
		},
	} {
		s := newSite(t)
		codes := s.withSecondStep("ada@example.com")
		b := s.browser()
		b.openReset("ada@example.com")
		b.Get("/password/reset")
		require.Equal(t, "/password/reset", b.secondStep(codes[0]).Location())
		require.Equal(t, 200, b.Get("/password/reset").StatusCode)
		change(s, b)
		require.Equal(t, "/login/second", b.Get("/password/reset").Location(), name)
		require.Equal(t, "/login/second", b.reset(newPassword).Location(), name)
	}
}

// A second step that was passed for a login opens no mailed link.
func TestPasswordReset_SecondStepOfALoginOpensNoLink(t *testing.T) {
	s := newSite(t)
	codes := s.withSecondStep("ada@example.com")
	b := s.browser()
	b.openReset("ada@example.com")
	b.logIn("ada@example.com")
	require.Equal(t, "/", b.secondStep(codes[0]).Location())
	b.openReset("ada@example.com")
	require.Equal(t, "/login/second", b.Get("/password/reset").Location())
	require.Equal(t, "/login/second", b.reset(newPassword).Location())
}

// The second step may be turned on while a password is typed or hashed.
func TestResetPassword_ChecksTheSecondStepInTheTransaction(t *testing.T) {
	modelstest.Empty(t)
	modelstest.SignUp(t, "ada@example.com")
	rawToken, err := models.IssueInvite(t.Context(), "ada@example.com")
	require.NoError(t, err)
	modelstest.SetTOTP(t, "ada@example.com")
	_, err = models.ResetPassword(t.Context(), rawToken, newPassword, models.Client{})
	require.ErrorIs(t, err, models.ErrSecondStep)
	_, err = models.FindReset(t.Context(), rawToken)
	require.NoError(t, err, "the link stays good")
}
