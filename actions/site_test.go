package actions

import (
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gobuffalo/buffalo"
	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/internal/apptest"
	"corral/internal/i18n"
	"corral/internal/route"
	"corral/internal/web"
	"corral/models/modelstest"
)

// All apps share these: their first use compresses and parses them, which takes 0.1 s.
var (
	sharedAssets *web.Assets
	sharedTexts  *i18n.Texts
)

// newApp makes an app, which replaces the app of this process and its settings.
func newApp(t testing.TB, c config.Config) *buffalo.App {
	appOnce = sync.Once{}
	app := App(c, testLogger(t, c))
	if !c.Development() {
		if sharedAssets == nil {
			sharedAssets, sharedTexts = assetFiles, T
		}
		assetFiles, T = sharedAssets, sharedTexts
	}
	return app
}

type site struct {
	*apptest.Server
	t testing.TB
}

// newSite starts the app with http and an empty database.
func newSite(t testing.TB, changes ...func(*config.Config)) *site {
	t.Helper()
	modelstest.Empty(t)
	return restart(t, changes...)
}

// restart starts the app and keeps the rows of the database.
func restart(t testing.TB, changes ...func(*config.Config)) *site {
	t.Helper()
	c := modelstest.Config(changes...)
	return &site{apptest.NewServer(t, Handler(newApp(t, c), c, testLogger(t, c), nil)), t}
}

// newProductionSite starts the app in production with https.
func newProductionSite(t testing.TB, changes ...func(*config.Config)) *site {
	t.Helper()
	modelstest.Empty(t)
	return &site{apptest.NewTLSServer(t, func(baseURL *url.URL) http.Handler {
		c := modelstest.Config(append([]func(*config.Config){func(c *config.Config) {
			c.Env, c.Host = config.Production, baseURL
		}}, changes...)...)
		return Handler(newApp(t, c), c, testLogger(t, c), nil)
	}), t}
}

// behindProxy is restart, but in production behind a TLS proxy. The app has a route that
// panics.
func behindProxy(t testing.TB) *site {
	t.Helper()
	c := modelstest.Config(trustLoopback, func(c *config.Config) {
		c.Env = config.Production
		c.Host, _ = url.Parse("https://127.0.0.1")
	})
	app := newApp(t, c)
	app.GET("/panic", func(buffalo.Context) error { panic("provoked") })
	s := apptest.NewServer(t, Handler(app, c, testLogger(t, c), nil))
	s.Config.DisableGeneralOptionsHandler = true // as web.Listen does
	s.URL = c.Host.String()
	s.Client().Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		r.Host, r.URL.Scheme, r.URL.Host = r.URL.Host, "http", s.Listener.Addr().String()
		r.Header.Set("X-Forwarded-Proto", "https")
		return http.DefaultTransport.RoundTrip(r)
	})
	return &site{s, t}
}

// trustLoopback makes the app trust the browsers of tests as proxies.
func trustLoopback(c *config.Config) {
	c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// browser is a client with a cookie jar. It follows no redirects.
type browser struct {
	*apptest.Browser
	site *site
}

func (s *site) browser() *browser { return &browser{s.Browser(), s} }

func (s *site) with(header, value string) *browser {
	b := s.browser()
	b.Header.Set(header, value)
	return b
}

const (
	firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"
	safari  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
)

// loggedIn returns a new browser, logged in with modelstest.Password.
func (s *site) loggedIn(email, userAgent string, fields ...string) *browser {
	s.t.Helper()
	b := s.with("User-Agent", userAgent)
	require.Equal(s.t, 303, b.logIn(email, fields...).StatusCode)
	return b
}

// logIn logs in with modelstest.Password; fields are checkboxes to check.
func (b *browser) logIn(email string, fields ...string) apptest.Response {
	b.site.t.Helper()
	form := url.Values{"email": {email}, "password": {modelstest.Password}}
	for _, name := range fields {
		form.Set(name, "true")
	}
	return b.Post("/login", form)
}

// requireLoggedInAs reads the page that asks whether to log out, since an owner replaces the home page.
func (b *browser) requireLoggedInAs(email string, message ...any) {
	b.site.t.Helper()
	require.Contains(b.site.t, b.Get("/logout").Page, "You are logged in as "+email+".", message...)
}

func (b *browser) logOut() apptest.Response { b.site.t.Helper(); return b.Delete("/logout", nil) }

// sessionCookie returns the session cookie, or "".
func (b *browser) sessionCookie() string { return b.Cookie(sessionCookieName) }

func cookieNamed(t testing.TB, a apptest.Response, name string) *http.Cookie {
	t.Helper()
	for _, c := range a.Cookies() {
		if c.Name == name {
			return c
		}
	}
	require.Fail(t, "no cookie "+name)
	return nil
}

// confirm sends the form of /sudo.
func (b *browser) confirm(password string) apptest.Response {
	b.site.t.Helper()
	return b.Post("/sudo", url.Values{"password": {password}})
}

func (s *site) do(req *http.Request) apptest.Response {
	s.t.Helper()
	return s.send(s.Client().Transport, req)
}

// requestDirect sends a request to /login directly, without the proxy of behindProxy, which would set
// the host and the scheme.
func (s *site) requestDirect(method, host, scheme, body string) apptest.Response {
	s.t.Helper()
	req, err := http.NewRequest(method, "http://"+s.Listener.Addr().String()+"/login", strings.NewReader(body))
	require.NoError(s.t, err)
	req.Host = host
	if scheme != "" {
		req.Header.Set("X-Forwarded-Proto", scheme)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.send(http.DefaultTransport, req)
}

func (s *site) send(transport http.RoundTripper, req *http.Request) apptest.Response {
	s.t.Helper()
	res, err := transport.RoundTrip(req)
	require.NoError(s.t, err)
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	return apptest.Response{Response: res, Page: string(page)}
}

// listItems returns the list items of a page as HTML.
func listItems(page string) []string {
	var items []string
	for _, part := range strings.Split(page, `<li class="list-group-item">`)[1:] {
		part, _, _ = strings.Cut(part, "</li>")
		items = append(items, part)
	}
	return items
}

// served returns the paths that have a route: a developer may drop pages.
func served(paths ...string) []string {
	return slices.DeleteFunc(paths, func(path string) bool {
		return !slices.ContainsFunc(routes, func(r route.Route) bool { return r.Path == path })
	})
}
