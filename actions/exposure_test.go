package actions_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/actions"
	"corral/models"
	"corral/models/modelstest"
)

// Nothing is served but the routes and the assets: no source, no database, no
// settings, no folder, no metrics.
func TestExposure_NothingElseIsServed(t *testing.T) {
	s := newProductionSite(t)
	modelstest.SignUp(t, "ada@example.com")
	for _, b := range []*browser{s.browser(), s.signedIn("ada@example.com", firefox)} {
		for _, path := range []string{
			"/.git/HEAD", "/.env", "/.env.example", "/database.yml", "/go.mod", "/main.go", "/storage/production.sqlite", "/production.sqlite",
			"/routes", "/debug/pprof/", "/debug/vars", "/metrics", "/dev/mail", "/dev/reload", "/assets", "/assets/", "/assets/css", "/assets/css/",
			"/assets/embed.go", "/assets/css/application.css", "/assets/css/application.css.map", "/assets/../go.mod", "/assets/%2e%2e/go.mod",
			"/templates/login/new.plush.html", "/login/new.plush.html", "/locales/all.en-us.yaml", "/manifest.json", "/server-status", "/admin",
			"/healthz/", "/readyz/x",
		} {
			a := b.get(path)
			if path == "/healthz/" { // the same as without the slash
				require.Equal(t, "ok\n", a.page)
				continue
			}
			require.Equal(t, 404, a.StatusCode, path)
			require.Contains(t, a.page, "There is no such page", path)
		}
	}
}

// A cache on the way that keeps whatever looks like a file gets nobody's page.
func TestExposure_NoCacheDeception(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.signedIn("ada@example.com", firefox)
	for _, path := range []string{"/account/x.css", "/account;.css", "/account%2fx.css", "/account.css", "/account/sessions/x.js", "/x.css", "/account%00.css", "/account%3f.css"} {
		a := b.get(path)
		require.Contains(t, []int{404, 405}, a.StatusCode, path)
		require.NotContains(t, a.page, "ada@example.com")
		require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	}
}

// Other origins are told nothing and lent nothing: no CORS, no JSONP.
func TestExposure_NothingForOtherOrigins(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.signedIn("ada@example.com", firefox)
	for _, origin := range []string{"https://evil.example", "null", "http://127.0.0.1"} {
		b.header.Set("Origin", origin)
		for _, path := range []string{"/", "/welcome", "/healthz", "/nothing", "/robots.txt"} {
			for name := range b.get(path).Header {
				require.False(t, strings.HasPrefix(name, "Access-Control-"), "%s: %s", path, name)
			}
		}
		require.Equal(t, 405, b.send("OPTIONS", "/account", nil).StatusCode)
	}
	b.header.Del("Origin")
	require.NotContains(t, b.get("/?callback=steal").page, "steal(")
	require.Equal(t, b.get("/healthz").page, b.get("/healthz?callback=steal").page)
}

// Files are the same for everybody, and leave cookies alone.
func TestExposure_FilesAreTheSameForEverybody(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	ada, anybody := s.signedIn("ada@example.com", firefox), s.browser()
	for _, path := range []string{stylesheetPath(anybody.get("/welcome").page), "/favicon.ico", "/robots.txt"} {
		mine, theirs := ada.get(path), anybody.get(path)
		require.Equal(t, 200, mine.StatusCode)
		require.Equal(t, theirs.page, mine.page)
		require.Empty(t, mine.Header.Values("Set-Cookie"))
	}
}

// allRows counts all that is in the database.
func allRows(t *testing.T) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for _, table := range []string{"users", "sessions", "tokens", "throttles", "devices", "mails"} {
		n, err := models.DB.Count(table)
		require.NoError(t, err)
		counts[table] = n
	}
	return counts
}

// getPaths are the pages there are, with a token or an id that is good.
func getPaths(t *testing.T, tokens *strings.Replacer) (paths []string) {
	t.Helper()
	for _, r := range actions.Routes() {
		if r.Method == http.MethodGet && !strings.HasPrefix(r.Path, "/dev/") {
			paths = append(paths, tokens.Replace(r.Path))
		}
	}
	require.NotEmpty(t, paths)
	return paths
}

// Looking changes nothing, nor does it sign anybody in or out: mail scanners,
// previews and other sites' images look at everything.
func TestExposure_SafeMethodsChangeNothing(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	ada := s.signedIn("ada@example.com", firefox)
	s.browser().signUp("dora@example.com")
	s.browser().forgot("ada@example.com")
	form := confirmed("PUT")
	form.Set("email", "ada@example.net")
	require.Equal(t, 303, ada.post("/account/email", form).StatusCode)
	good := strings.NewReplacer(
		"/signup/{token}", "/signup/"+modelstest.Link(t, "dora@example.com", models.MailSignup),
		"/password/reset/{token}", "/password/reset/"+modelstest.Link(t, "ada@example.com", models.MailReset),
		"/confirm/{token}", "/confirm/"+modelstest.Link(t, "ada@example.net", models.MailEmailConfirm),
		"{token}", "x", "{id}", "x")
	before := allRows(t)
	for _, b := range []*browser{ada, s.browser()} {
		for _, path := range getPaths(t, good) {
			for _, method := range []string{"GET", "HEAD", "OPTIONS"} {
				require.Less(t, b.send(method, path, nil).StatusCode, 500, "%s %s", method, path)
				require.Less(t, b.send(method, path+"?_method=DELETE&email=eve@example.com&password=x", nil).StatusCode, 500)
			}
		}
	}
	require.Equal(t, before, allRows(t))
	require.Equal(t, 200, ada.get("/").StatusCode, "still signed in")
}

var (
	foreign = regexp.MustCompile(`(?i)(src|href|action|srcset|data|poster|cite|formaction)\s*=\s*["']?\s*([a-z]+:)?//`)
	inline  = regexp.MustCompile(`(?i)\son[a-z]+\s*=|\sstyle\s*=|<style|<script(\s[^>]*)?>[^<]|javascript:|<iframe|<object|<embed|<base`)
)

// No page loads or names anything of another host, none has script or style in
// it, each says what it is, and each page of somebody's has the way out.
func TestExposure_WhatPagesAreMadeOf(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	visitors := map[string]*browser{"ada": s.signedIn("ada@example.com", firefox), "anybody": s.browser()}
	seen := 0
	for who, b := range visitors {
		for _, path := range append(getPaths(t, strings.NewReplacer("{token}", "x", "{id}", "x")), "/nothing") {
			a := b.get(path)
			if !strings.HasPrefix(a.page, "<!DOCTYPE html>") {
				continue
			}
			seen++
			require.NotRegexp(t, foreign, a.page, path)
			require.NotRegexp(t, inline, a.page, path)
			require.Contains(t, a.page, `<meta charset="utf-8">`, path)
			if who == "ada" && a.StatusCode == 200 {
				require.Contains(t, a.page, `<form action="/logout" method="post">`, path)
			}
			require.NotContains(t, a.page, "$argon2id")
		}
	}
	require.Greater(t, seen, 20)
}

// Whoever refuses cookies gets no further, and into no loop.
func TestExposure_WithoutCookies(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	b.client.Jar = nil
	require.Equal(t, "/", b.logIn("ada@example.com").location())
	require.Equal(t, "/login", b.get("/").location())
	require.Equal(t, 200, b.get("/login").StatusCode)
}

// Every cookie of production is for this host by https alone, and for no script.
func TestExposure_EveryCookie(t *testing.T) {
	s := newProductionSite(t)
	b := s.browser()
	var all []*http.Cookie
	note := func(a answer) { all = append(all, a.Cookies()...) }
	note(b.get("/"))
	note(b.signUp("dora@example.com"))
	note(b.get("/check-mail"))
	note(b.get("/signup/" + modelstest.Link(t, "dora@example.com", models.MailSignup)))
	note(b.post("/signup/password", url.Values{"password": {modelstest.Password}}))
	note(b.logOut())
	note(b.logIn("dora@example.com", "remember"))
	note(b.post("/language", url.Values{"_method": {"PUT"}, "language": {"de"}}))
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
