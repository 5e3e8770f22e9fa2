package actions

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/models/modelstest"
)

// withoutCookies returns a browser that keeps no cookies.
func (s *site) withoutCookies() *browser {
	b := s.browser()
	b.RefuseCookies()
	return b
}

// follow follows redirects as browsers do: with the Referer of the first request.
func (b *browser) follow(a apptest.Response, referer string) apptest.Response {
	b.site.t.Helper()
	b.Header.Set("Referer", b.site.URL+referer)
	for range 20 {
		if a.Location() == "" {
			return a
		}
		a = b.Get(a.Location())
	}
	require.Fail(b.site.t, "the redirects do not end")
	return a
}

const needsCookies = "Logging in needs cookies"

func TestNoCookies_LoginAsksForCookies(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	for _, from := range []string{"/login", "/login?next=%2Faccount"} {
		b := s.withoutCookies()
		require.NotContains(t, b.Get(from).Page, needsCookies)
		form := url.Values{"email": {"ada@example.com"}, "password": {modelstest.Password}, "next": {"/account"}}
		a := b.follow(b.Post("/login", form), from)
		require.Equal(t, http.StatusOK, a.StatusCode)
		require.Contains(t, apptest.Flashes(a.Page)[0], needsCookies)
		require.Equal(t, "/account", next(a.Page))
		require.Empty(t, a.Cookies())
	}

	// The first cookie of this browser comes with the redirect: the login page must not say
	// that the browser keeps none.
	b := s.browser()
	b.Header.Set("Referer", s.URL+"/login")
	require.Equal(t, []string{"You need to login first."}, apptest.Flashes(b.Get(b.Get("/account").Location()).Page))
	b = s.withoutCookies()
	b.Header.Set("Referer", s.URL+"/login")
	require.Equal(t, "/login", b.Delete("/account", nil).Location(), "no page to return to")
}
