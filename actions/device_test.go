package actions_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/models"
	"corral/models/modelstest"
)

func TestDevice_Cookie(t *testing.T) {
	for name, s := range map[string]*site{"device": newSite(t), "__Host-corral-device": newProductionSite(t)} {
		email := strings.ToLower(strings.Trim(name, "_")) + "@example.com"
		modelstest.SignUp(t, email)
		b := s.browser()
		a := b.post("/login", url.Values{"email": {email}, "password": {modelstest.Password}})
		require.Equal(t, 303, a.StatusCode)
		c := cookieNamed(t, a, name)
		require.Equal(t, 180*24*3600, c.MaxAge)
		require.True(t, c.HttpOnly)
		require.Equal(t, name != "device", c.Secure)
		require.Equal(t, http.SameSiteLaxMode, c.SameSite)
		require.Equal(t, "/", c.Path)
		require.Empty(t, c.Domain)
		require.Len(t, c.Value, 43, "a random token and nothing else")
		for _, cookie := range b.logOut().Cookies() {
			require.NotEqual(t, name, cookie.Name, "it stays when the person leaves")
		}
		require.Equal(t, c.Value, cookieNamed(t, b.post("/login", url.Values{"email": {email}, "password": {modelstest.Password}}), name).Value)
	}
}

// Five tries are free; then a plain sentence, 429 and Retry-After.
func TestThrottle_Login(t *testing.T) {
	s := newSite(t)
	models.Clock.Stop()
	modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	wrong := url.Values{"email": {"ada@example.com"}, "password": {"wrong"}}
	for range 5 {
		require.Equal(t, 422, b.post("/login", wrong).StatusCode)
	}
	for _, password := range []string{"wrong", modelstest.Password} {
		a := b.post("/login", url.Values{"email": {"ada@example.com"}, "password": {password}})
		require.Equal(t, 429, a.StatusCode)
		seconds, err := strconv.Atoi(a.Header.Get("Retry-After"))
		require.NoError(t, err)
		require.Equal(t, 1, seconds)
		require.Contains(t, a.page, "Too many tries. Please wait 1 second before")
		require.Contains(t, a.page, `value="ada@example.com"`)
		require.Empty(t, a.Cookies())
	}
	models.Clock.Move(time.Second)
	require.Equal(t, "/", b.logIn("ada@example.com").location())
}

// The owner's own browser goes on while a stranger is locked out.
func TestThrottle_OwnersBrowser(t *testing.T) {
	s := newSite(t)
	models.Clock.Stop()
	modelstest.SignUp(t, "ada@example.com")
	owner, stranger := s.browser(), s.browser()
	owner.logIn("ada@example.com")
	owner.logOut()
	for range 5 {
		stranger.post("/login", url.Values{"email": {"ada@example.com"}, "password": {"wrong"}})
	}
	require.Equal(t, 429, stranger.logIn("ada@example.com").StatusCode)
	require.Equal(t, 303, owner.logIn("ada@example.com").StatusCode)
}
