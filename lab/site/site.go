// Package site runs the app as it ships, and provides browsers and access to the
// database.
//
//	s := site.Open(t)              // in development
//	s := site.OpenProduction(t)    // behind a TLS proxy
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

// Password is the password of all accounts.
const Password = "four random words work well"

// Site is a running app.
type Site struct {
	*binary.Process
	DB  *sql.DB // the test's own connection to the database
	Dir string  // the app's working directory

	t         testing.TB
	transport http.RoundTripper
	baseURL   string
}

// Open starts the app in development.
func Open(t testing.TB, env ...string) *Site {
	t.Helper()
	s := open(t, append(env, "SESSION_SECRET="+binary.Secret))
	s.transport, s.baseURL = http.DefaultTransport, s.URL
	return s
}

// OpenProduction starts the app in production.
func OpenProduction(t testing.TB, env ...string) *Site {
	t.Helper()
	const host = "https://login.example.com" // not an IP, under which browsers refuse passkeys
	s := open(t, binary.Production(append([]string{"HOST=" + host}, env...)...))
	s.transport, s.baseURL = Proxy(t, s.URL), host
	return s
}

func open(t testing.TB, env []string) *Site {
	t.Helper()
	dir, databaseURL := t.TempDir(), services.NewDatabase(t, "")
	return &Site{t: t, Dir: dir, Process: binary.Start(t, dir, append(env, "DATABASE_URL="+databaseURL)...), DB: services.OpenDatabase(t, databaseURL)}
}

// Proxy returns a RoundTripper that sends https requests to a process as a TLS proxy
// does: unencrypted, with X-Forwarded-Proto.
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

// Paths returns the paths of the GET routes that `task routes` lists.
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

func (s *Site) Execute(statement string, args ...any) {
	s.t.Helper()
	_, err := s.DB.Exec(statement, args...)
	require.NoError(s.t, err)
}

func (s *Site) ClearLimits() { s.t.Helper(); s.Execute("DELETE FROM rate_limits") }

// Token returns the token of the newest mail to email with the given template.
func (s *Site) Token(template, email string) string {
	s.t.Helper()
	token, err := services.Token(s.DB, binary.Secret, template, email)
	require.NoError(s.t, err)
	return token
}

// SignUp creates an account, in a browser of its own.
func (s *Site) SignUp(email string) { s.t.Helper(); s.Browser().SignUp(email) }

// Browser is a client that keeps cookies and does not follow redirects.
type Browser struct {
	Client *http.Client
	Header http.Header
	site   *Site
}

// Firefox is the User-Agent of browsers.
const Firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"

// Browser returns a browser without cookies.
func (s *Site) Browser() *Browser {
	jar, err := cookiejar.New(nil)
	require.NoError(s.t, err)
	return &Browser{site: s, Header: http.Header{"User-Agent": {Firefox}}, Client: &http.Client{Jar: jar, Transport: s.transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// Answer is a response and its body.
type Answer struct {
	*http.Response
	Page string
}

func (a Answer) Location() string { return a.Header.Get("Location") }

// Send sends a request. header has names and values by turns, and may include Host.
func (b *Browser) Send(method, path, body string, header ...string) Answer {
	t := b.site.t
	t.Helper()
	req, err := http.NewRequest(method, b.site.baseURL+path, strings.NewReader(body))
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

func (b *Browser) Get(path string) Answer { b.site.t.Helper(); return b.Send("GET", path, "") }

// Post sends a form. fields has names and values by turns.
func (b *Browser) Post(path string, fields ...string) Answer {
	b.site.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return b.Send("POST", path, form.Encode())
}

func (b *Browser) Put(path string, fields ...string) Answer {
	b.site.t.Helper()
	return b.Post(path, append(fields, "_method", "PUT")...)
}

func (b *Browser) Delete(path string, fields ...string) Answer {
	b.site.t.Helper()
	return b.Post(path, append(fields, "_method", "DELETE")...)
}

// SignUp creates an account and logs out. The account has no language setting, so that
// pages follow Accept-Language.
func (b *Browser) SignUp(email string) {
	s := b.site
	s.t.Helper()
	s.ClearLimits()
	b.Post("/signup", "email", email)
	b.Get("/signup/" + s.Token("signup", email))
	require.Equal(s.t, http.StatusSeeOther, b.Post("/signup/password", "password", Password).StatusCode)
	b.LogOut()
	s.Execute("UPDATE users SET language = '' WHERE email = $1", email)
}

// LogIn submits the login form. fields adds names and values.
func (b *Browser) LogIn(email string, fields ...string) Answer {
	b.site.t.Helper()
	return b.Post("/login", append(fields, "email", email, "password", Password)...)
}

// TurnSecondStepOn turns the second step on for an account that has no second factor.
func (b *Browser) TurnSecondStepOn(email string) {
	b.site.t.Helper()
	b.site.Execute("UPDATE users SET second_step = $1 WHERE email = $2", true, email)
}

func (b *Browser) LogOut() Answer { b.site.t.Helper(); return b.Delete("/logout") }
