package actions

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/models/modelstest"
)

// Redirects and error pages do not use up a flash message.
func TestFlash_ShownOnce(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	b.logIn("ada@example.com")
	require.Equal(t, "/", b.Get("/login").Location(), "guests only")
	require.Equal(t, 404, b.Get("/nothing").StatusCode)
	require.Equal(t, []string{"You are logged in already.", "You were logged in."}, apptest.Flashes(b.Get("/").Page))
	require.Empty(t, apptest.Flashes(b.Get("/").Page))
}

func TestFlash_NotShownByAPrefetch(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	b.Header.Set("Sec-Purpose", "prefetch;prerender")
	a := b.Get("/")
	require.Equal(t, 200, a.StatusCode)
	require.Empty(t, apptest.Flashes(a.Page))
	require.Empty(t, a.Cookies())
	b.Header.Del("Sec-Purpose")
	require.Equal(t, []string{"You were logged in."}, apptest.Flashes(b.Get("/").Page))
}

// The cookie store drops the oldest messages.
func TestFlash_NeverOutgrowsTheCookie(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	for range 200 {
		a := b.Put("/account/language", url.Values{"language": {""}})
		require.Equal(t, 303, a.StatusCode)
		for _, cookie := range a.Cookies() {
			require.Less(t, len(cookie.Raw), 4096)
		}
	}
	require.Contains(t, apptest.Flashes(b.Get("/account").Page), "Your language was saved.")
}
