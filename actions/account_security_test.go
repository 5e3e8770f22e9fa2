package actions

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/models"
	"corral/models/modelstest"
)

func TestAccountSecurity_Password(t *testing.T) {
	b := logInAs(newSite(t), "ada@example.com")
	page := b.Get("/account/security").Page
	require.Contains(t, page, "In use since <time")
	require.Contains(t, page, ">Change password</button>")
	require.Contains(t, b.Get("/account").Page, ">Change password</a>")
	require.Contains(t, page, "Whoever knows your password can log in.")
	require.NoError(t, models.DB.RawQuery("UPDATE users SET password_digest = ''").Exec())
	page = b.Get("/account/security").Page
	require.NotContains(t, page, "In use since")
	require.NotContains(t, page, "Whoever knows your password can log in.")
	require.Contains(t, page, ">Set a password</button>")
	require.Contains(t, b.Get("/account").Page, ">Set a password</a>")
}

// skipping returns a browser that skips the second step of the account and is logged out.
func (s *site) skipping(email, userAgent, code string) *browser {
	s.t.Helper()
	b := s.with("User-Agent", userAgent)
	require.Equal(s.t, "/login/second", b.logIn(email).Location())
	require.Equal(s.t, "/", b.secondStep(code, "skip").Location())
	b.logOut()
	return b
}

// actionBelow returns the first action of a form that begins with path.
func actionBelow(page, path string) string {
	_, rest, _ := strings.Cut(page, `action="`+path)
	rest, _, _ = strings.Cut(rest, `"`)
	return path + rest
}

// addPasskey inserts the row of a passkey.
func (s *site) addPasskey(email string) {
	s.t.Helper()
	require.NoError(s.t, models.DB.Create(&models.Factor{UserID: s.user(email).ID, Kind: models.FactorPasskey, Name: "Phone", Data: []byte("{}"), CreatedAt: models.Clock.Now()}))
}

func (s *site) user(email string) *models.User {
	s.t.Helper()
	user, err := models.FindUserByEmail(s.t.Context(), email)
	require.NoError(s.t, err)
	return user
}

// Only a factor ends the links to a former email: without one, a confirmation would lead to nothing.
func TestAccountSecurityLinks_WithoutFactor(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	b.Put("/account/email", url.Values{"email": {"ada@new.example"}})
	b.Post("/account/email/confirm/"+modelstest.Link(t, "ada@new.example", models.MailEmailConfirm), nil)
	models.Clock.Move(10 * time.Minute)
	_, section, _ := strings.Cut(b.Get("/account/security").Page, `id="links-heading"`)
	section, _, _ = strings.Cut(section, "</section>")
	require.Contains(t, section, "ada@example.com")
	require.NotContains(t, section, "/sudo")
}
