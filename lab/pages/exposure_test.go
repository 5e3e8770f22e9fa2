package pages

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/site"
)

func TestExposure_NothingElseIsServed(t *testing.T) {
	s := site.OpenProduction(t)
	s.SignUp("ada@example.com")
	ada := s.Browser()
	ada.LogIn("ada@example.com")
	for _, b := range []*site.Browser{s.Browser(), ada} {
		for _, path := range []string{
			"/.git/HEAD", "/.env", "/.env.example", "/database.yml", "/go.mod", "/main.go", "/storage/production.sqlite", "/production.sqlite",
			"/routes", "/debug/pprof/", "/debug/vars", "/metrics", "/dev/mail", "/dev/reload", "/assets", "/assets/", "/assets/css", "/assets/css/",
			"/assets/embed.go", "/assets/css/application.css", "/assets/css/application.css.map", "/assets/../go.mod", "/assets/%2e%2e/go.mod",
			"/templates/login/new.plush.html", "/login/new.plush.html", "/locales/all.en-us.yaml", "/manifest.json", "/server-status", "/admin",
			"/readyz/x",
		} {
			a := b.Get(path)
			require.Equal(t, 404, a.StatusCode, path)
			require.Contains(t, a.Page, "There is no such page", path)
		}
		require.Equal(t, "ok\n", b.Get("/healthz/").Page, "the same as without the slash")
	}
}

func allRows(t *testing.T, s *site.Site) map[string]int {
	t.Helper()
	var tables string
	require.NoError(t, s.DB.QueryRow("SELECT group_concat(name) FROM sqlite_master WHERE type = 'table'").Scan(&tables))
	counts := map[string]int{}
	for table := range strings.SplitSeq(tables, ",") {
		var n int
		require.NoError(t, s.DB.QueryRow("SELECT count(*) FROM "+table).Scan(&n))
		counts[table] = n
	}
	var redeemed int
	require.NoError(t, s.DB.QueryRow("SELECT count(*) FROM tokens WHERE redeemed").Scan(&redeemed))
	counts["redeemed tokens"] = redeemed
	return counts
}

// Mail scanners, link previews and images on other sites may request any link.
func TestExposure_SafeMethodsChangeNothing(t *testing.T) {
	s := site.OpenProduction(t)
	s.SignUp("ada@example.com")
	ada := s.Browser()
	ada.LogIn("ada@example.com")
	s.Browser().Post("/signup", "email", "dora@example.com")
	s.Browser().Post("/password/forgot", "email", "ada@example.com")
	require.Equal(t, 303, ada.Put("/account/email", "email", "ada@example.net").StatusCode)
	valid := strings.NewReplacer(
		"/signup/{token}", "/signup/"+s.Token("signup", "dora@example.com"),
		"/password/reset/{token}", "/password/reset/"+s.Token("reset", "ada@example.com"),
		"/confirm/{token}", "/confirm/"+s.Token("email_confirm", "ada@example.net"),
		"/not-me/{token}", "/not-me/"+s.Token("email_requested", "ada@example.com"),
		"{token}", "x", "{id}", "x")
	before := allRows(t, s)
	for _, b := range []*site.Browser{ada, s.Browser()} {
		for _, path := range s.Paths() {
			for _, method := range []string{"GET", "HEAD", "OPTIONS"} {
				require.Less(t, b.Send(method, valid.Replace(path), "").StatusCode, 500, "%s %s", method, path)
				require.Less(t, b.Send(method, valid.Replace(path)+"?_method=DELETE&email=eve@example.com&password=x", "").StatusCode, 500)
			}
		}
	}
	require.Equal(t, before, allRows(t, s))
	require.Equal(t, 200, ada.Get("/").StatusCode, "Ada is still logged in")
}

var (
	foreign = regexp.MustCompile(`(?i)(src|href|action|srcset|data|poster|cite|formaction)\s*=\s*["']?\s*([a-z]+:)?//`)
	inline  = regexp.MustCompile(`(?i)\son[a-z]+\s*=|\sstyle\s*=|<style|<script(\s[^>]*)?>[^<]|javascript:|<iframe|<object|<embed|<base`)
)

// strictPolicy is the content security policy of the app as it ships. Developers may extend
// it.
const strictPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; " +
	"base-uri 'none'; object-src 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

func TestExposure_PagesLoadNothingForeignOrInline(t *testing.T) {
	s := site.OpenProduction(t)
	s.SignUp("ada@example.com")
	ada, seen := s.Browser(), 0
	ada.LogIn("ada@example.com")
	for name, b := range map[string]*site.Browser{"ada": ada, "anonymous": s.Browser()} {
		for _, path := range append(s.Paths(), "/nothing") {
			a := b.Get(strings.NewReplacer("{token}", "x", "{id}", "x").Replace(path))
			require.Equal(t, []string{strictPolicy}, a.Header.Values("Content-Security-Policy"), path)
			if !strings.HasPrefix(a.Page, "<!DOCTYPE html>") {
				continue
			}
			seen++
			require.NotRegexp(t, foreign, a.Page, path)
			require.NotRegexp(t, inline, a.Page, path)
			require.Contains(t, a.Page, `<meta charset="utf-8">`, path)
			if name == "ada" && a.StatusCode == 200 {
				require.Contains(t, a.Page, `<form action="/logout" method="post">`, path)
			}
			require.NotContains(t, a.Page, "$argon2id")
		}
	}
	require.Greater(t, seen, 20)
}

func TestExposure_EveryCookieIsSecure(t *testing.T) {
	s := site.OpenProduction(t)
	b := s.Browser()
	var all []*http.Cookie
	collect := func(a site.Answer) { all = append(all, a.Cookies()...) }
	collect(b.Get("/"))
	collect(b.Post("/signup", "email", "dora@example.com"))
	collect(b.Get("/check-mail"))
	collect(b.Get("/signup/" + s.Token("signup", "dora@example.com")))
	collect(b.Post("/signup/password", "password", site.Password))
	collect(b.LogOut())
	collect(b.LogIn("dora@example.com", "remember", "true"))
	collect(b.Put("/language", "language", "de"))
	names := map[string]bool{}
	for _, c := range all {
		names[c.Name] = true
		require.True(t, strings.HasPrefix(c.Name, "__Host-corral"), c.Name)
		require.True(t, c.Secure && c.HttpOnly, c.Name)
		require.Equal(t, http.SameSiteLaxMode, c.SameSite, c.Name)
		require.Equal(t, "/", c.Path, c.Name)
		require.Empty(t, c.Domain, c.Name)
		require.Less(t, len(c.String()), 4096, c.Name)
	}
	require.Len(t, names, 3, "session, device and language")
}
