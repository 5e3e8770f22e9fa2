package actions

import (
	"cmp"
	"errors"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gobuffalo/buffalo"
	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/internal/apptest"
	"corral/internal/route"
	"corral/internal/web"
	"corral/models"
	"corral/models/modelstest"
)

// fillPath returns the path of a route with its placeholders filled.
func fillPath(path string) string {
	const id = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
	parts := strings.Split(web.TrimSlash(path), "/")
	for i, part := range parts {
		if _, pattern, ok := strings.Cut(strings.TrimSuffix(part, "}"), ":"); ok { // such as {number:[0-9]+}
			matches := regexp.MustCompile("^(" + pattern + ")$").MatchString
			parts[i] = append(slices.DeleteFunc([]string{"x", "7", "2026", "2026-01-02", id}, func(value string) bool { return !matches(value) }), part)[0]
		}
	}
	path = strings.NewReplacer("{provider}", "oidc", "{id}", id).Replace(strings.Join(parts, "/"))
	return regexp.MustCompile(`{\w+}`).ReplaceAllString(path, "x")
}

func TestGuards_UserRoutesRefuseAnonymous(t *testing.T) {
	b, guarded := newSite(t).browser(), 0
	for _, r := range app.Routes() {
		private := r.Path == "/" || strings.HasPrefix(r.Path, "/account/") || strings.HasPrefix(r.Path, "/sudo/") // whatever the table says
		if g := routes.Describe(r, user); g != "user" && g != "sudo" && !private {
			continue
		}
		guarded++
		path := fillPath(r.Path)
		want := http.StatusSeeOther
		if r.Method == http.MethodGet {
			want = http.StatusFound
		}
		a := b.Send(r.Method, path, nil)
		require.Equal(t, want, a.StatusCode, "%s %s", r.Method, r.Path)
		require.Equal(t, "/login", a.LocationPath())
	}
	require.NotZero(t, guarded)
}

func TestGuards_UndeclaredRouteIsClosed(t *testing.T) {
	b := newSite(t).browser()
	app.GET("/undeclared", WelcomeShow)
	a := b.Get("/undeclared")
	require.Equal(t, 302, a.StatusCode)
	require.Equal(t, "/login?next=%2Fundeclared", a.Location())
}

// A guard of your own is closed, even if Authorize lacks a case for it.
func TestGuards_OwnGuardIsClosed(t *testing.T) {
	own := route.Guard{Name: "own"}
	defer func(before route.Table) { routes = before }(routes)
	routes = append(slices.Clone(routes), get("/test/own", own, testReports), post("/test/own", own, testReports))
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	require.Equal(t, "/login?next=%2Ftest%2Fown", s.browser().Get("/test/own").Location())
	require.Equal(t, "/login", s.browser().Post("/test/own", nil).LocationPath())
	require.Equal(t, "reports\n", s.loggedIn("ada@example.com", firefox).Get("/test/own").Page)
}

type testWidgets struct{ buffalo.BaseResource }

func (testWidgets) List(c buffalo.Context) error   { return web.AnswerPlain(c, 200, "all widgets") }
func (testWidgets) Create(c buffalo.Context) error { return c.Redirect(303, "testWidgetsPath()") }

func testReports(c buffalo.Context) error { return web.AnswerPlain(c, 200, "reports") }
func testTeams(c buffalo.Context) error   { return web.AnswerPlain(c, 200, "team "+c.Param("id")) }

func TestGuards_RoutesOutsideTheTableAreClosed(t *testing.T) {
	s := newSite(t)
	app.GET("/test/reports", testReports)
	app.Group("/test/teams").GET("/{id}", testTeams)
	app.Resource("/test/widgets", testWidgets{})

	modelstest.SignUp(t, "ada@example.com")
	anonymous, ada := s.browser(), s.loggedIn("ada@example.com", firefox)
	for path, want := range map[string]string{
		"/test/reports": "reports\n", "/test/teams/7": "team 7\n", "/test/widgets": "all widgets\n",
	} {
		a := anonymous.Get(path)
		require.Equal(t, 302, a.StatusCode, path)
		require.Equal(t, "/login", a.LocationPath(), path)
		require.Equal(t, want, ada.Get(path).Page)
	}
	for b, location := range map[*browser]string{anonymous: "/login", ada: "/test/widgets"} {
		a := b.Post("/test/widgets", nil)
		require.Equal(t, 303, a.StatusCode)
		require.Equal(t, location, a.Location())
	}
	require.Equal(t, 303, anonymous.Delete("/test/widgets/7", nil).StatusCode)
	require.Equal(t, 404, ada.Delete("/test/widgets/7", nil).StatusCode, "the resource has no such action")
}

func TestGuards_SkipAuthorizeOpensARoute(t *testing.T) {
	s := newSite(t)
	app.Middleware.Skip(Authorize, testReports)
	app.GET("/test/reports", testReports)
	teams := app.Group("/test/teams")
	teams.Middleware.Skip(Authorize, testTeams)
	teams.GET("/{id}", testTeams)
	teams.GET("/{id}/reports", func(c buffalo.Context) error { return testReports(c) })

	modelstest.SignUp(t, "ada@example.com")
	for _, b := range []*browser{s.browser(), s.loggedIn("ada@example.com", firefox)} {
		require.Equal(t, "reports\n", b.Get("/test/reports").Page)
		require.Equal(t, "team 7\n", b.Get("/test/teams/7").Page)
	}
	require.Equal(t, "/login", s.browser().Get("/test/teams/7/reports").LocationPath(), "the group's other routes stay closed")
}

func TestGuards_GroupMiddlewareRunsAfterTheGuard(t *testing.T) {
	s := newSite(t)
	admin := app.Group("/test/admin")
	admin.Use(func(next buffalo.Handler) buffalo.Handler {
		return func(c buffalo.Context) error {
			if currentUser(c).Email != "root@example.com" {
				return c.Error(http.StatusForbidden, errors.New("not an admin"))
			}
			return next(c)
		}
	})
	admin.GET("/reports", testReports)
	admin.Resource("/widgets", testWidgets{})
	app.GET("/test/reports", testReports)

	modelstest.SignUp(t, "ada@example.com")
	modelstest.SignUp(t, "root@example.com")
	anonymous, ada, root := s.browser(), s.loggedIn("ada@example.com", firefox), s.loggedIn("root@example.com", firefox)
	for _, path := range []string{"/test/admin/reports", "/test/admin/widgets"} {
		require.Equal(t, "/login", anonymous.Get(path).LocationPath(), path)
		a := ada.Get(path)
		require.Equal(t, 403, a.StatusCode, path)
		require.Contains(t, a.Page, "That was refused")
		require.Equal(t, 200, root.Get(path).StatusCode, path)
	}
	require.Equal(t, 200, ada.Get("/test/reports").StatusCode)
}

// Prevents an overfull cookie.
func TestGuards_KeepOneMessage(t *testing.T) {
	b := newSite(t).browser()
	b.Get("/account")
	size := len(b.sessionCookie())
	for range 200 {
		require.Equal(t, 302, b.Get("/account").StatusCode)
	}
	require.Len(t, b.sessionCookie(), size)
	require.Equal(t, []string{"You need to login first."}, apptest.Flashes(b.Get("/login").Page))
}

// next returns the value of the field next on a page, or "".
func next(page string) string {
	_, field, _ := strings.Cut(page, `<input type="hidden" name="next" value="`)
	value, _, _ := strings.Cut(field, `"`)
	return html.UnescapeString(value)
}

func (b *browser) logInFrom(page, email string) apptest.Response {
	b.site.t.Helper()
	return b.Post("/login", url.Values{"email": {email}, "password": {modelstest.Password}, "next": {next(page)}})
}

func TestReturnPath_AfterLogin(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	for requested, want := range map[string]string{
		"/account":                       "/account",
		"/account/":                      "/account",
		"/?tab=devices":                  "/?tab=devices",
		"/?next=https://evil.example":    "/?next=https://evil.example",
		"/":                              "/",
		"/logout":                        "/",
		"/logout/":                       "/",
		"/?" + strings.Repeat("x", 1100): "/",
		"/?a=Path()":                     "/?a=Path()",
		"/?a=%25s%25d&b=%22":             "/?a=%25s%25d&b=%22",
	} {
		b := s.browser()
		page := b.Get(b.Get(requested).Location()).Page
		require.Equal(t, want, b.logInFrom(page, "ada@example.com").Location(), requested)
		require.Equal(t, 200, b.Get("/").StatusCode)
		b.logOut()
		require.Equal(t, "/", b.logIn("ada@example.com").Location(), "the next login does not lead there")
	}
}

func TestReturnPath_OfEachTab(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	one, other := b.Get(b.Get("/account").Location()).Page, b.Get(b.Get("/?tab=2").Location()).Page
	wrong := b.Post("/login", url.Values{"email": {"ada@example.com"}, "password": {"wrong"}, "next": {next(one)}})
	require.Equal(t, "/account", b.logInFrom(wrong.Page, "ada@example.com").Location(), "after a refused form")
	b.logOut()
	require.Equal(t, "/?tab=2", b.logInFrom(other, "ada@example.com").Location())
}

// Prevents open redirects: an attacker can put any next into a link to the login page.
func TestReturnPath_FromALink(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	for given, want := range map[string]string{
		"/account": "/account", "https://evil.example/": "", "//evil.example": "", "/\\evil.example": "", "javascript:alert(1)": "",
		"/logout": "", "account": "", "/\"><script>": "/\"><script>", "": "",
	} {
		b := s.browser()
		a := b.Get("/login?" + url.Values{"next": {given}}.Encode())
		require.Empty(t, a.Cookies())
		require.Equal(t, want, next(a.Page), given)
		require.NotContains(t, a.Page, "evil.example")
		require.NotContains(t, a.Page, "<script>")
		a = b.Post("/login", url.Values{"email": {"ada@example.com"}, "password": {modelstest.Password}, "next": {given}})
		require.Equal(t, cmp.Or(want, "/"), a.Location(), given)
	}
}

func TestReturnPath_KeptByLinksBetweenPages(t *testing.T) {
	b := newSite(t).browser()
	const query = "?next=%2Faccount%3Fa%3D1"
	for page, links := range map[string][]string{
		"/login": {"/signup", "/password/forgot"}, "/signup": {"/login"}, "/password/forgot": {"/login"}, "/check-mail": {"/signup", "/password/forgot"},
	} {
		for _, link := range links {
			require.Contains(t, b.Get(page+query).Page, `href="`+link+query+`"`, page)
			require.Contains(t, b.Get(page).Page, `href="`+link+`"`, page)
		}
	}
	for _, form := range []string{"/signup", "/password/forgot"} {
		require.Equal(t, "/account?a=1", next(b.Get(form+query).Page), form)
		a := b.Post(form, url.Values{"email": {"eve@example.com"}, "next": {"/account?a=1"}})
		require.Equal(t, "/check-mail"+query, a.Location())
		require.Equal(t, "/account?a=1", next(b.Get(a.Location()).Page), "the form that requests the mail again keeps next")
	}
	b.Header.Set("Referer", b.site.URL+"/login"+query)
	require.Equal(t, "/login"+query, b.Post("/language", chosen("en-US")).Location())
}

// The user may open the link in another browser.
func TestReturnPath_KeptByMailedLinks(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	for _, asked := range []string{"/account?a=1", "", "//evil.example"} {
		s.browser().Post("/signup", url.Values{"email": {"eve@example.com"}, "next": {asked}})
		s.browser().Post("/password/forgot", url.Values{"email": {"ada@example.com"}, "next": {asked}})
		want, query := "/", ""
		if asked == "/account?a=1" {
			want, query = asked, "?next=%2Faccount%3Fa%3D1"
		}
		b := s.browser()
		b.Get("/signup/" + modelstest.Link(t, "eve@example.com", models.MailSignup))
		require.Equal(t, want, b.choosePassword(newPassword).Location(), asked)
		b = s.browser()
		b.Get("/password/reset/" + modelstest.Link(t, "ada@example.com", models.MailReset))
		require.Equal(t, "/login"+query, b.Put("/password/reset", url.Values{"password": {newPassword}}).Location(), asked)
		modelstest.Empty(t)
		modelstest.SignUp(t, "ada@example.com")
	}
}

// If the session ended while a form was open, the login leads back to the page with the form.
func TestReturnPath_OfARefusedForm(t *testing.T) {
	b := newSite(t).browser()
	require.Equal(t, "/login", b.Put("/account/password", nil).Location(), "without a Referer")
	for referer, want := range map[string]string{
		"/account": "?next=%2Faccount", "/account/password": "?next=%2Faccount%2Fsecurity", "/account/email": "?next=%2Faccount", "/account?q=crew&page=2": "?next=%2Faccount%3Fq%3Dcrew%26page%3D2", "/": "?next=%2F", "//evil.example": "",
	} {
		b.Header.Set("Referer", b.site.URL+referer)
		a := b.Put("/account/password", nil)
		require.Equal(t, 303, a.StatusCode)
		require.Equal(t, "/login"+want, a.Location(), referer)
	}
	b.Header.Set("Referer", "https://evil.example/account")
	require.Equal(t, "/login", b.Put("/account/password", nil).Location())
}

// A background request gets 401. It must leave neither a flash message nor a page to return
// to.
func TestGuards_BackgroundRequestsDoNotChangeTheSession(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	for _, background := range [][2]string{
		{"Sec-Fetch-Mode", "cors"}, {"Sec-Fetch-Mode", "no-cors"}, {"X-Requested-With", "XMLHttpRequest"},
		{"Accept", "text/event-stream"}, {"Accept", "application/xml"}, {"Sec-Purpose", "prefetch;prerender"},
	} {
		expired := s.loggedIn("ada@example.com", firefox)
		expired.Get("/")                    // shows the flash message
		models.Clock.Move(31 * time.Minute) // the session expires
		for _, b := range []*browser{s.browser(), expired} {
			b.Header.Set(background[0], background[1])
			for _, method := range []string{"GET", "HEAD", "DELETE"} {
				a := b.Send(method, "/account?tab=x", nil)
				require.Equal(t, 401, a.StatusCode, background)
				require.Empty(t, a.Cookies(), background)
			}
			b.Header.Del(background[0])
			require.Empty(t, apptest.Flashes(b.Get("/login").Page), background)
			require.Equal(t, "/", b.logIn("ada@example.com").Location())
		}
		ada := s.loggedIn("ada@example.com", firefox)
		ada.Get("/") // shows the flash message
		ada.Header.Set(background[0], background[1])
		ada.Get("/login")
		ada.Header.Del(background[0])
		require.Empty(t, apptest.Flashes(ada.Get("/").Page), background)
	}
	require.Equal(t, 302, s.with("Accept", "*/*").Get("/account").StatusCode, "curl")
}

func TestGuards_EndedSession(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	b.Get("/")                          // shows the flash message
	models.Clock.Move(31 * time.Minute) // the session expires
	b.Header.Set("Sec-Fetch-Mode", "cors")
	require.Equal(t, 401, b.Get("/account").StatusCode)
	b.Header.Del("Sec-Fetch-Mode")
	require.Equal(t, "/login?next=%2Faccount", b.Get("/account").Location())
	require.Equal(t, []string{"Your session has ended. You need to login first."}, apptest.Flashes(b.Get("/login").Page))
	require.Equal(t, "/login?next=%2Faccount", b.Get("/account").Location())
	require.Equal(t, []string{"You need to login first."}, apptest.Flashes(b.Get("/login").Page), "said once")
}

func TestGuards_AnswerJSONWithAProblem(t *testing.T) {
	a := newSite(t).with("Accept", "application/json").Get("/?y=2")
	require.Equal(t, 401, a.StatusCode)
	require.Equal(t, "application/problem+json", a.Header.Get("Content-Type"))
	require.JSONEq(t, `{"type":"about:blank","title":"Unauthorized","status":401,"detail":"not logged in"}`, a.Page)
}

// The guard local checks the client's IP, not the Host. With ADDR=0.0.0.0, or behind a
// proxy, other machines can reach the app and send any Host.
func TestAuthorize_LocalChecksTheClient(t *testing.T) {
	log := captureLog(t)
	s := newSite(t, trustLoopback, func(c *config.Config) { c.Env = config.Development })
	for ip, status := range map[string]int{"127.0.0.1": 200, "::1": 200, "192.0.2.7": 403, "10.0.0.1": 403} {
		b := s.with("X-Forwarded-For", ip)
		require.Equal(t, status, b.Get("/dev/mail").StatusCode, ip)
		require.Equal(t, status == 403, b.Get("/dev/mail/x").StatusCode == 403, ip)
	}
	require.Equal(t, 4, strings.Count(log.String(), `event="guard refused"`))
}

// A tunnel connects from this machine, and makes the app public.
func TestAuthorize_LocalIsClosedToTunnels(t *testing.T) {
	s := newSite(t, func(c *config.Config) {
		c.Env, c.Host = config.Development, &url.URL{Scheme: "https", Host: "demo.example"}
	})
	require.Equal(t, 200, s.browser().Get("/dev/mail").StatusCode)
	for header, value := range map[string]string{"X-Forwarded-For": "192.0.2.7", "Forwarded": "for=192.0.2.7"} {
		require.Equal(t, 403, s.with(header, value).Get("/dev/mail").StatusCode, header)
	}
	require.Equal(t, 403, s.raw("GET /dev/mail HTTP/1.1\r\nHost: demo.example\r\n\r\n").StatusCode)
}
