package actions

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/models"
	"corral/models/modelstest"
)

func TestDeviceCookie_Attributes(t *testing.T) {
	for name, start := range map[string]func(testing.TB, ...func(*config.Config)) *site{
		"corral-device": newSite, "__Host-corral-device": newProductionSite,
	} {
		b := start(t).browser()
		modelstest.SignUp(t, "ada@example.com")
		a := b.logIn("ada@example.com")
		require.Equal(t, 303, a.StatusCode)
		c := cookieNamed(t, a, name)
		require.Equal(t, 180*24*3600, c.MaxAge)
		require.True(t, c.HttpOnly)
		require.Equal(t, name != "corral-device", c.Secure)
		require.Equal(t, http.SameSiteLaxMode, c.SameSite)
		require.Equal(t, "/", c.Path)
		require.Empty(t, c.Domain)
		require.Len(t, c.Value, 43, "a random token and nothing else")
		for _, cookie := range b.logOut().Cookies() {
			require.NotEqual(t, name, cookie.Name, "logging out keeps it")
		}
		require.Equal(t, c.Value, cookieNamed(t, b.logIn("ada@example.com"), name).Value)
	}
}

func TestDeviceCookie_NewBrowserIsAnnounced(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	first, second := s.browser(), s.browser()
	first.logIn("ada@example.com")
	require.Empty(t, modelstest.Mails(t, "ada@example.com"), "the first browser of the account")
	second.logIn("ada@example.com")
	require.Equal(t, []string{models.MailNewBrowser}, modelstest.Mails(t, "ada@example.com"))
	for _, b := range []*browser{first, second} {
		b.logOut()
		b.logIn("ada@example.com")
	}
	require.Len(t, modelstest.Mails(t, "ada@example.com"), 1)
}

func TestRateLimit_LoginShowsTheWait(t *testing.T) {
	s := newSite(t)
	models.Clock.Stop()
	modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	wrong := url.Values{"email": {"ada@example.com"}, "password": {"wrong"}}
	for range 5 {
		require.Equal(t, 422, b.Post("/login", wrong).StatusCode)
	}
	for _, password := range []string{"wrong", modelstest.Password} {
		a := b.Post("/login", url.Values{"email": {"ada@example.com"}, "password": {password}})
		require.Equal(t, 429, a.StatusCode)
		seconds, err := strconv.Atoi(a.Header.Get("Retry-After"))
		require.NoError(t, err)
		require.Equal(t, 1, seconds)
		require.Contains(t, a.Page, "Too many attempts. Please wait 1 second, then")
		require.Contains(t, a.Page, `value="ada@example.com"`)
		require.Empty(t, a.Cookies())
	}
	models.Clock.Move(time.Second)
	require.Equal(t, "/", b.logIn("ada@example.com").Location())
}
