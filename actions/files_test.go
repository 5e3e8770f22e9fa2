package actions

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/models/modelstest"
)

func TestFiles_OnlyAssetsAreServed(t *testing.T) {
	s := newProductionSite(t)
	modelstest.SignUp(t, "ada@example.com")
	for _, b := range []*browser{s.browser(), s.loggedIn("ada@example.com", firefox)} {
		for _, path := range []string{
			"/.git/HEAD", "/.env", "/.env.example", "/database.yml", "/go.mod", "/main.go", "/storage/production.sqlite", "/production.sqlite",
			"/debug/pprof/", "/debug/vars", "/dev/mail", "/dev/reload", "/assets", "/assets/", "/assets/css", "/assets/css/",
			"/assets/embed.go", "/assets/css/application.css", "/assets/css/application.css.map", "/assets/../go.mod", "/assets/%2e%2e/go.mod",
			"/templates/login/new.plush.html", "/login/new.plush.html", "/locales/all.en-us.yaml",
			"/healthz/", "/readyz/x",
		} {
			a := b.Get(path)
			if path == "/healthz/" { // the same route as without the slash
				require.Equal(t, "ok\n", a.Page)
				continue
			}
			require.Equal(t, 404, a.StatusCode, path)
			require.Contains(t, a.Page, "There is no such page", path)
		}
	}
}

// Prevents web cache deception by paths that look like files.
func TestFiles_NoCacheDeception(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	for _, path := range []string{"/account/x.css", "/account;.css", "/account%2fx.css", "/account.css", "/account/sessions/x.js", "/x.css", "/account%00.css", "/account%3f.css"} {
		a := b.Get(path)
		require.Contains(t, []int{404, 405}, a.StatusCode, path)
		require.NotContains(t, a.Page, "ada@example.com")
		require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	}
}

func TestFiles_SameForEveryClient(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	ada, anonymous := s.loggedIn("ada@example.com", firefox), s.browser()
	page := anonymous.Get("/welcome").Page
	paths := []string{stylesheetPath(page), "/favicon.ico", "/robots.txt"}
	for _, script := range regexp.MustCompile(`src="(/assets/js/[^"]+)"`).FindAllStringSubmatch(page, -1) {
		paths = append(paths, script[1])
	}
	for _, path := range paths {
		mine, theirs := ada.Get(path), anonymous.Get(path)
		require.Equal(t, 200, mine.StatusCode)
		require.Equal(t, theirs.Page, mine.Page)
		for _, h := range []http.Header{mine.Header, theirs.Header} {
			h.Del("X-Request-Id")
			h.Del("Date")
		}
		require.Equal(t, theirs.Header, mine.Header)
	}
}
