package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/fetch"
	"github.com/stretchr/testify/require"
)

func TestErrors_EachHasAPage(t *testing.T) {
	t.Parallel()
	for _, language := range languages(t) {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			s := openSite(t)
			b := openBrowser(t, s, person{language: language, looks: true})
			for status, path := range map[int]string{404: "/nothing/here", 405: "/language"} {
				b.visit(path)
				b.seeError(status)
			}
			for status, change := range map[int]string{
				413: `document.querySelector("main [name=email]").value = "a".repeat(70000)`,
				422: `document.querySelector("[name=language]").options[0].value = "tlh"; document.querySelector("[name=language]").selectedIndex = 0`,
			} {
				b.visit("/login")
				evaluate[any](b, change+"; null")
				form := "main"
				if status == 422 {
					form = "footer"
				}
				b.press(form + " form [type=submit]")
				b.seeError(status)
			}
			b.visit("/login")
			b.do("intercepting the form", fetch.Enable().WithPatterns([]*fetch.RequestPattern{{URLPattern: s.url + "/login"}}))
			b.press("main form [type=submit]")
			b.do("no longer intercepting", fetch.Disable())
			b.seeError(400)
			b.visit("/login")
			logIn := func() (refusal string) {
				b.fill("[name=email]", "zoe@example.com")
				b.fill("[name=password]", "not the password")
				b.press(`[action="/login"] [type=submit]`)
				return b.text("#login-error")
			}
			for range 4 {
				logIn()
			}
			wrong := logIn()
			// A slow test would miss the wait of a second, which the fifth failure began.
			_, err := s.database(t).Exec("UPDATE rate_limits SET open_ms = open_ms + 60000 WHERE open_ms > 0")
			require.NoError(t, err)
			limited := logIn()
			require.NotEqual(t, wrong, limited)
			require.NotContains(t, limited, "%")
			b.see("login-429")

			stranger := openBrowser(t, s, person{language: language, looks: true, noisy: true})
			stranger.visitElsewhere(elsewhere(t, s))
			stranger.press("button")
			stranger.seeError(403)
			stranger.visitElsewhere(strings.Replace(s.url, siteName, "localhost", 1) + "/login")
			require.Contains(t, stranger.text("main"), "421")
			for _, view := range []screen{wideDark, stranger.screen} {
				stranger.do("another screen", view)
				require.Empty(t, stranger.axe())
			}
			stranger.photograph("error-421-"+language, stranger.screen) // has no style: assets of the wrong host are 421 too
		})
	}
}

func TestErrors_DatabaseOutageAndFaultHavePages(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	db := s.database(t)
	logIn := func(b *browser) {
		b.fill("[name=email]", "zoe@example.com")
		b.fill("[name=password]", "not the password")
		b.click(`[action="/login"] [type=submit]`)
	}
	_, err := db.Exec("BEGIN IMMEDIATE") // until ROLLBACK, the app cannot write
	require.NoError(t, err)
	var browsers []*browser
	for _, language := range languages(t) {
		b := openBrowser(t, s, person{language: language, looks: true})
		b.visit("/login")
		logIn(b) // does not wait for the answer, which comes after five seconds
		browsers = append(browsers, b)
	}
	for _, b := range browsers {
		b.do("waiting for the answer", b.nextPage())
		b.seeError(503)
	}
	_, err = db.Exec("ROLLBACK; ALTER TABLE activities RENAME TO gone")
	require.NoError(t, err)
	for _, b := range browsers {
		b.visit("/login")
		logIn(b)
		b.do("waiting for the answer", b.nextPage())
		b.seeError(500)
		require.NotContains(t, b.text("body"), "activities", "the cause is only in the log")
	}
	require.Contains(t, s.app.Log(), "no such table: activities")
}

func (b *browser) seeError(status int) {
	b.t.Helper()
	require.Contains(b.t, b.text("main"), fmt.Sprint(status))
	b.see(fmt.Sprintf("error-%d", status))
}

// elsewhere starts a website of another origin, with a form that posts to s.
func elsewhere(t *testing.T, s *site) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<form action="%s/login" method="post"><button>Win a horse</button></form>`, s.url)
	}))
	t.Cleanup(server.Close)
	return server.URL
}
