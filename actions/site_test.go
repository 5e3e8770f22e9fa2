package actions_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/actions"
	"corral/config"
	"corral/models/modelstest"
)

// site is the whole app behind a real socket: edge, store and all.
type site struct {
	*httptest.Server
	t testing.TB
}

// testConfig is the configuration of this process, changed by each change.
func testConfig(t testing.TB, changes ...func(*config.Config)) config.Config {
	t.Helper()
	c, err := config.Current()
	require.NoError(t, err)
	for _, change := range changes {
		change(&c)
	}
	return c
}

// newSite starts the app on plain http.
func newSite(t testing.TB, changes ...func(*config.Config)) *site {
	t.Helper()
	modelstest.Empty(t)
	return restart(t, changes...)
}

// restart starts the app, on the rows that are there.
func restart(t testing.TB, changes ...func(*config.Config)) *site {
	t.Helper()
	c := testConfig(t, changes...)
	server := httptest.NewServer(actions.Edge(actions.New(c), c, nil))
	t.Cleanup(server.Close)
	return &site{server, t}
}

// newProductionSite starts the app as production does, on https.
func newProductionSite(t testing.TB, changes ...func(*config.Config)) *site {
	t.Helper()
	modelstest.Empty(t)
	server := httptest.NewUnstartedServer(nil)
	server.StartTLS()
	c := testConfig(t, append([]func(*config.Config){func(c *config.Config) {
		c.Env = config.Production
		c.Host, _ = url.Parse(server.URL)
	}}, changes...)...)
	server.Config.Handler = actions.Edge(actions.New(c), c, nil)
	t.Cleanup(server.Close)
	return &site{server, t}
}

// browser is one visitor: it keeps cookies and shows redirects instead of following them.
type browser struct {
	site   *site
	client *http.Client
	header http.Header
}

func (s *site) browser() *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(s.t, err)
	client := *s.Client()
	client.Jar = jar
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{site: s, client: &client, header: http.Header{}}
}

// answer is a response that was read whole.
type answer struct {
	*http.Response
	page string
}

func (a answer) location() string { return a.Header.Get("Location") }

func (b *browser) send(method, path string, form url.Values) answer {
	b.site.t.Helper()
	req, err := http.NewRequest(method, b.site.URL+path, strings.NewReader(form.Encode()))
	require.NoError(b.site.t, err)
	for key, values := range b.header {
		req.Header[key] = values
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := b.client.Do(req)
	require.NoError(b.site.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(b.site.t, err)
	return answer{res, string(body)}
}

func (b *browser) get(path string) answer { b.site.t.Helper(); return b.send("GET", path, nil) }

func (b *browser) post(path string, form url.Values) answer {
	b.site.t.Helper()
	return b.send("POST", path, form)
}

func (b *browser) logIn(email string, fields ...string) answer {
	b.site.t.Helper()
	form := url.Values{"email": {email}, "password": {modelstest.Password}}
	for _, name := range fields {
		form.Set(name, "true")
	}
	return b.post("/login", form)
}

func (b *browser) logOut() answer {
	b.site.t.Helper()
	return b.post("/logout", url.Values{"_method": {"DELETE"}})
}

// cookie is the session cookie that the browser holds, or "".
func (b *browser) cookie() string {
	u, _ := url.Parse(b.site.URL)
	for _, c := range b.client.Jar.Cookies(u) {
		if strings.HasSuffix(c.Name, "corral") {
			return c.Value
		}
	}
	return ""
}

// setCookie plants a session cookie in the browser.
func (b *browser) setCookie(name, value string) {
	u, _ := url.Parse(b.site.URL)
	b.client.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/", Secure: u.Scheme == "https"}})
}

// serve answers one request without a socket.
func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func (as *ActionSuite) serve(r *http.Request) *httptest.ResponseRecorder { return serve(as.App, r) }
