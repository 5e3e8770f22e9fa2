package actions_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/models"
	"corral/models/modelstest"
)

// What docs/buffalo.md lists and no other test is about.

// A form that asks for HEAD is answered as what it is, in the app too, and the
// answers that come after it on the connection are their own.
func TestFramework_OverrideLeavesTheConnectionInStep(t *testing.T) {
	s := newSite(t)
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	fmt.Fprint(conn, "POST /login?_method=DELETE HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 12\r\n\r\n_method=HEAD"+
		"HEAD /welcome HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
	reader := bufio.NewReader(conn)
	for _, want := range []struct {
		method string
		status int
		body   string
	}{{"POST", 422, "</html>"}, {"HEAD", 200, ""}, {"GET", 200, "ok\n"}} {
		res, err := http.ReadResponse(reader, &http.Request{Method: want.method})
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.Equal(t, want.status, res.StatusCode)
		require.True(t, strings.HasSuffix(strings.TrimRight(string(body), "\n")+"\n", strings.TrimRight(want.body, "\n")+"\n"), "%.80s", body)
	}
}

// A message outlives a second redirect, and is shown once.
func TestFramework_FlashOutlivesRedirects(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	b.logIn("ada@example.com")
	require.Equal(t, "/", b.get("/login").location(), "guests only: on to the home page")
	require.Equal(t, 404, b.get("/nothing").StatusCode)
	require.Equal(t, []string{"You were logged in."}, flashes(b.get("/").page))
	require.Empty(t, flashes(b.get("/").page))
}

// Links in mails begin with HOST, whatever a request says.
func TestFramework_LinksBeginWithHost(t *testing.T) {
	s := newSite(t, func(c *config.Config) { c.Host, _ = url.Parse("http://127.0.0.1:3000") })
	for _, host := range []string{"localhost:666", "evil.example"} {
		b := s.browser()
		b.header.Set("X-Forwarded-Host", "evil.example")
		b.header.Set("Forwarded", "host=evil.example")
		req, err := http.NewRequest("POST", s.URL+"/password/forgot", strings.NewReader("email=ada@example.com"))
		require.NoError(t, err)
		req.Host = host
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		s.do(req)
	}
	mails, err := models.NewestMails(t.Context())
	require.NoError(t, err)
	require.Len(t, mails, 1, "another host is refused")
	require.NotContains(t, mails[0].Data, "localhost", "a mail holds no host; mailers puts HOST in")
	require.NotContains(t, mails[0].Data, "evil")
}

// No request waits for another one's transaction: there is none around a page.
func TestFramework_PagesWaitForNoWriter(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	b.logIn("ada@example.com")
	b.get("/")
	require.NoError(t, models.DB.Transaction(func(tx *pop.Connection) error {
		require.NoError(t, tx.RawQuery("UPDATE users SET language = 'de'").Exec())
		for _, path := range []string{"/", "/account", "/account/sessions", "/readyz"} {
			require.Equal(t, 200, b.get(path).StatusCode, path)
		}
		return nil
	}))
}

// What a refused form has counted stays counted: no rollback takes it back.
func TestFramework_RefusalsAreKept(t *testing.T) {
	s := newSite(t)
	require.Equal(t, 422, s.browser().post("/login", url.Values{"email": {"ada@example.com"}, "password": {"x"}}).StatusCode)
	n, err := models.DB.Count("throttles")
	require.NoError(t, err)
	require.NotZero(t, n)
}

// Error pages speak the visitor's language, the one chosen before the
// browser's, also where the app never saw the request.
func TestFramework_ErrorsInTheVisitorsLanguage(t *testing.T) {
	s := behindProxy(t)
	const form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n"
	for request, status := range map[string]int{
		"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\n" + form + "%s\r\nemail=%%zz":                              400,
		"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nSec-Fetch-Site: cross-site\r\n" + form + "%s\r\nemail=ada": 403,
		"GET /nothing HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n":                                                   404,
		"GET /assets/x HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n":                                                  404,
		"GET /password/reset/x HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n":                                          404,
		"PATCH /welcome HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n":                                                 405,
		"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\n%s\r\n<a/>":                           415,
		"GET / HTTP/1.1\r\nHost: evil.example\r\n%s\r\n":                                                       421,
	} {
		for header, lang := range map[string]string{
			"Accept-Language: de-AT,de;q=0.9\r\n":                            "de",
			"Accept-Language: de\r\nCookie: __Host-corral-lang=fr\r\n":       "fr",
			"Accept-Language: tlh\r\nCookie: __Host-corral-lang=klingon\r\n": "en-US",
		} {
			a := s.raw(fmt.Sprintf(request, "X-Forwarded-Proto: https\r\n"+header))
			require.Equal(t, status, a.StatusCode, request)
			require.Contains(t, a.page, `<html lang="`+lang+`"`, "%d %s", status, header)
		}
	}
	modelstest.Empty(t)
	for range 6 {
		s.with("Accept-Language", "de").logIn("ada@example.com")
	}
	require.Contains(t, s.with("Accept-Language", "de").logIn("ada@example.com").page, `<html lang="de"`, "429")
	require.Contains(t, s.with("Accept-Language", "de").signUp("x").page, `<html lang="de"`, "422")
	modelstest.SignUp(t, "bob@example.com")
	b := s.signedIn("bob@example.com", firefox)
	b.header.Set("Accept-Language", "de")
	require.Contains(t, b.get("/panic").page, `<html lang="de"`, "500")
	away := models.DB
	models.DB = closedDatabase(t)
	defer func() { models.DB = away }()
	require.Contains(t, s.with("Accept-Language", "de").get("/password/reset/x").page, `<html lang="de"`, "503")
}

// Passwords do not age.
func TestFramework_PasswordsDoNotAge(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	models.Clock.Move(10 * 365 * 24 * time.Hour)
	require.Equal(t, "/", s.browser().logIn("ada@example.com").location())
}

// Thousands of requests leave no goroutine behind.
func TestFramework_NothingIsLeftBehind(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.signedIn("ada@example.com", firefox)
	paths := []string{"/", "/welcome", "/account", "/nothing", "/robots.txt", "/password/reset/x", stylesheetPath(b.get("/welcome").page)}
	ask := func(times int) {
		for i := range times {
			b.get(paths[i%len(paths)])
		}
	}
	ask(100)
	before := runtime.NumGoroutine()
	ask(3000)
	require.LessOrEqual(t, runtime.NumGoroutine(), before+5)
}
