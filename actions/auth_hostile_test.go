package actions

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/internal/oidc/oidctest"
	"corral/models"
	"corral/models/modelstest"
)

// requireNothingDone requires that GET back redirects to /login with an alert and logs an event,
// that the browser stays logged out, and that accountRows is the same.
func requireNothingDone(t *testing.T, prepare func(s *providerSite, b *browser) (back string)) {
	t.Helper()
	log := captureLog(t)
	s := newProviderSite(t)
	s.signUpLinked("ada@example.com")
	before := accountRows(t)
	b := s.browser()
	back := prepare(s, b)
	a := b.Get(back)
	require.Equal(t, 302, a.StatusCode)
	require.Equal(t, "/login", a.LocationPath())
	page := b.Get(a.Location())
	require.Equal(t, 200, page.StatusCode)
	require.Contains(t, page.Page, `<div class="alert`)
	require.Regexp(t, `event="provider (refused|unavailable)"`, log.String())
	require.Equal(t, before, accountRows(t))
	b.requireLoggedOut()
}

// accountRows counts the rows that a login may add or change.
func accountRows(t testing.TB) (counts []int) {
	t.Helper()
	require.NoError(t, models.DB.Store.Select(&counts, `
		SELECT count(*) FROM users UNION ALL SELECT count(*) FROM sessions UNION ALL SELECT count(*) FROM tokens
		UNION ALL SELECT count(*) FROM mails UNION ALL SELECT count(*) FROM identities UNION ALL SELECT count(*) FROM activities
		UNION ALL SELECT count(*) FROM identities WHERE last_used_at IS NOT NULL`))
	return counts
}

// One fault of each class. Package oidc tests all.
func TestAuthHostile_Provider(t *testing.T) {
	classes := []string{"wrong audience", "wrong nonce", "algorithm none", "signed with another key", "issued in the future", "subject that is not UTF-8",
		"iss of another provider", "code of another login", oidctest.TokenPath + " of 10 MB", oidctest.KeysPath + " redirects"}
	for _, name := range classes {
		t.Run(name, func(t *testing.T) {
			requireNothingDone(t, func(s *providerSite, b *browser) string {
				hostile := s.one.Hostile()
				i := slices.IndexFunc(hostile, func(c oidctest.Case) bool { return c.Name == name })
				s.one.Behave(hostile[i].Behaviour)
				return b.toProvider("/auth/oidc")
			})
		})
	}
}

// The attacker changes the answer that the browser brings back.
func TestAuthHostile_Answers(t *testing.T) {
	replace := func(back, name, value string) string {
		u, _ := url.Parse(back)
		query := u.Query()
		query.Set(name, value)
		return u.Path + "?" + query.Encode()
	}
	for name, prepare := range map[string]func(s *providerSite, b *browser) string{
		"of another browser": func(s *providerSite, b *browser) string {
			b.toProvider("/auth/oidc")
			return s.browser().toProvider("/auth/oidc")
		},
		"brought to a browser that began no login": func(s *providerSite, b *browser) string {
			b.Get("/account") // sets a cookie
			return s.browser().toProvider("/auth/oidc")
		},
		"brought to a browser without cookies": func(s *providerSite, b *browser) string { return s.browser().toProvider("/auth/oidc") },
		"of another provider": func(s *providerSite, b *browser) string {
			return strings.Replace(b.toProvider("/auth/oidc"), "/auth/oidc/", "/auth/oidc2/", 1)
		},
		"with the state of another provider": func(s *providerSite, b *browser) string {
			other, _ := url.Parse(b.toProvider("/auth/oidc2"))
			return replace(b.toProvider("/auth/oidc"), "state", other.Query().Get("state"))
		},
		"with the code of another browser": func(s *providerSite, b *browser) string {
			other, _ := url.Parse(s.browser().toProvider("/auth/oidc"))
			return replace(b.toProvider("/auth/oidc"), "code", other.Query().Get("code"))
		},
		"with the code of another login": func(s *providerSite, b *browser) string {
			other, _ := url.Parse(b.toProvider("/auth/oidc"))
			return replace(b.toProvider("/auth/oidc"), "code", other.Query().Get("code"))
		},
		"without a state":  func(s *providerSite, b *browser) string { return replace(b.toProvider("/auth/oidc"), "state", "") },
		"without anything": func(s *providerSite, b *browser) string { b.toProvider("/auth/oidc"); return "/auth/oidc/callback" },
		"too late": func(s *providerSite, b *browser) string {
			back := b.toProvider("/auth/oidc")
			models.Clock.Move(10 * time.Minute)
			return back
		},
	} {
		t.Run(name, func(t *testing.T) {
			requireNothingDone(t, prepare)
		})
	}
}

// An answer works only once, even with a copy of the cookie and after a failure.
func TestAuthHostile_Replay(t *testing.T) {
	s := newProviderSite(t)
	s.signUpLinked("ada@example.com")
	b := s.browser()
	back, cookie := b.toProvider("/auth/oidc"), b.sessionCookie()
	require.Equal(t, "/", b.Get(back).Location())
	attacker := s.browser()
	attacker.SetCookie(sessionCookieName, cookie)
	attacker.requireAlert(attacker.Get(back), "/login", "That took too long, or it did not begin in this browser.")

	b = s.browser()
	back = b.toProvider("/auth/oidc")
	s.one.Behave(oidctest.Behaviour{Endpoints: map[string]http.HandlerFunc{oidctest.TokenPath: oidctest.Fail}})
	b.requireAlert(b.Get(back), "/login", "Example &amp; Co cannot be reached.")
	s.one.Behave(oidctest.Behaviour{})
	b.requireAlert(b.Get(back), "/login", "That took too long")

	s.one.Behave(oidctest.Behaviour{Error: "access_denied"})
	back = b.toProvider("/auth/oidc")
	b.requireAlert(b.Get(back), "/login", "The login with Example &amp; Co was cancelled.")
	b.requireAlert(b.Get(back), "/login", "That took too long")
}

// A state does not work for another purpose.
func TestAuthHostile_OtherPurpose(t *testing.T) {
	s := newProviderSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	require.Equal(t, "/check-mail", b.viaProvider("/auth/oidc").Location())
	require.Empty(t, s.identities("ada@example.com"), "a login links nothing")
	require.Equal(t, "/account/security", b.viaProvider(providersPath+"oidc").Location())
	models.Clock.Move(10 * time.Minute) // the confirmation expires
	require.Equal(t, "/", b.viaProvider("/auth/oidc").Location())
	require.Equal(t, "/sudo", b.Delete("/account", nil).LocationPath(), "a login confirms nothing")
	back := b.toProvider("/sudo/oidc")
	stranger := s.browser()
	stranger.toProvider("/auth/oidc")
	require.Equal(t, "/login", stranger.Get(back).Location())
	stranger.requireLoggedOut()
}
