// Package site is the app as its users meet it: a process with a database that
// a test can look into, and browsers.
//
//	s := site.Open(t)              // in development
//	s := site.OpenProduction(t)    // behind a proxy that ends TLS
//	s.SignUp("ada@example.com")
//	b := s.Browser()
//	b.LogIn("ada@example.com")
//	b.Get("/account").Page
package site

import (
	"database/sql"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
	"corral/lab/services"
)

// Password is that of every account that SignUp makes.
const Password = "four random words work well"

// Site is a running app on a SQLite database.
type Site struct {
	*binary.Process
	DB  *sql.DB // the app's, beside it
	Dir string  // where it runs

	t         testing.TB
	transport http.RoundTripper
	origin    string
}

// Open starts the app in development.
func Open(t testing.TB, env ...string) *Site {
	t.Helper()
	s := open(t, append(env, "SESSION_SECRET="+binary.Secret))
	s.transport, s.origin = http.DefaultTransport, s.URL
	return s
}

// OpenProduction starts the app in production.
func OpenProduction(t testing.TB, env ...string) *Site {
	t.Helper()
	s := open(t, binary.Production(env...))
	s.transport, s.origin = Proxy(t, s.URL), "https://127.0.0.1"
	return s
}

func open(t testing.TB, env []string) *Site {
	t.Helper()
	dir, databaseURL := t.TempDir(), services.NewDatabase(t, "")
	return &Site{t: t, Dir: dir, Process: binary.Start(t, dir, append(env, "DATABASE_URL="+databaseURL)...), DB: services.OpenDatabase(t, databaseURL)}
}

// Proxy is a TLS proxy before a process: what a browser sends by https arrives in
// the clear, with X-Forwarded-Proto.
func Proxy(t testing.TB, process string) http.RoundTripper {
	t.Helper()
	to, err := url.Parse(process)
	require.NoError(t, err)
	return proxy{to}
}

type proxy struct{ to *url.URL }

func (x proxy) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if r.Host == "" {
		r.Host = r.URL.Host
	}
	r.URL.Scheme, r.URL.Host = x.to.Scheme, x.to.Host
	r.Header.Set("X-Forwarded-Proto", "https")
	return http.DefaultTransport.RoundTrip(r)
}

// Paths returns the paths of the GET routes, as `task routes` lists them.
func (s *Site) Paths() (paths []string) {
	s.t.Helper()
	list := binary.Command(s.t, s.Dir, s.Env, "task", "routes")
	require.NoError(s.t, list.Run(), list.Log())
	for _, found := range regexp.MustCompile(`(?m)^GET +(\S+)`).FindAllStringSubmatch(list.Out.String(), -1) {
		paths = append(paths, found[1])
	}
	require.Greater(s.t, len(paths), 10)
	return paths
}

// Execute runs a statement in the app's database.
func (s *Site) Execute(statement string, args ...any) {
	s.t.Helper()
	_, err := s.DB.Exec(statement, args...)
	require.NoError(s.t, err)
}

// ForgetLimits lets the one client that there is go on.
func (s *Site) ForgetLimits() { s.t.Helper(); s.Execute("DELETE FROM rate_limits") }

// Token is in the newest mail of a template to an email.
func (s *Site) Token(template, email string) string {
	s.t.Helper()
	token, err := services.Token(s.DB, binary.Secret, template, email)
	require.NoError(s.t, err)
	return token
}

// SignUp makes an account in a browser of its own.
func (s *Site) SignUp(email string) { s.t.Helper(); s.Browser().SignUp(email) }

// Browser keeps cookies and shows redirects instead of following them.
type Browser struct {
	Client *http.Client
	Header http.Header
	site   *Site
}

// Firefox is what a browser says that it is.
const Firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"

// Browser is a new one, with connections of its own.
func (s *Site) Browser() *Browser {
	jar, err := cookiejar.New(nil)
	require.NoError(s.t, err)
	return &Browser{site: s, Header: http.Header{"User-Agent": {Firefox}}, Client: &http.Client{Jar: jar, Transport: s.transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// Answer is a response that was read whole.
type Answer struct {
	*http.Response
	Page string
}

// Location is where the answer leads.
func (a Answer) Location() string { return a.Header.Get("Location") }

// Send sends a request with names and values of its header; that of Host goes
// where it belongs.
func (b *Browser) Send(method, path, body string, header ...string) Answer {
	t := b.site.t
	t.Helper()
	req, err := http.NewRequest(method, b.site.origin+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header = b.Header.Clone()
	if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		if req.Header.Set(header[i], header[i+1]); header[i] == "Host" {
			req.Host = header[i+1]
		}
	}
	res, err := b.Client.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return Answer{res, string(page)}
}

// Get asks for a page.
func (b *Browser) Get(path string) Answer { b.site.t.Helper(); return b.Send("GET", path, "") }

// Post sends a form of names and values.
func (b *Browser) Post(path string, fields ...string) Answer {
	b.site.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return b.Send("POST", path, form.Encode())
}

// Put sends a form as PUT.
func (b *Browser) Put(path string, fields ...string) Answer {
	b.site.t.Helper()
	return b.Post(path, append(fields, "_method", "PUT")...)
}

// Delete sends a form as DELETE.
func (b *Browser) Delete(path string, fields ...string) Answer {
	b.site.t.Helper()
	return b.Post(path, append(fields, "_method", "DELETE")...)
}

// SignUp makes an account, as its user does, and logs out. The account is in the
// language of whichever browser asks.
func (b *Browser) SignUp(email string) {
	s := b.site
	s.t.Helper()
	s.ForgetLimits()
	b.Post("/signup", "email", email)
	b.Get("/signup/" + s.Token("signup", email))
	require.Equal(s.t, http.StatusSeeOther, b.Post("/signup/password", "password", Password).StatusCode)
	b.LogOut()
	s.Execute("UPDATE users SET language = '' WHERE email = $1", email)
}

// LogIn sends the login form, with more fields.
func (b *Browser) LogIn(email string, fields ...string) Answer {
	b.site.t.Helper()
	return b.Post("/login", append(fields, "email", email, "password", Password)...)
}

// LogOut presses the button.
func (b *Browser) LogOut() Answer { b.site.t.Helper(); return b.Delete("/logout") }
