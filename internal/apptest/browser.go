package apptest

import (
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// Server is an app that listens on a real socket.
type Server struct {
	*httptest.Server
	t testing.TB
}

// NewServer serves an app over HTTP until the test ends.
func NewServer(t testing.TB, handler http.Handler) *Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return &Server{server, t}
}

// NewTLSServer is NewServer over HTTPS. It calls app with the public URL.
func NewTLSServer(t testing.TB, app func(baseURL *url.URL) http.Handler) *Server {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	server.Config.Handler = app(&url.URL{Scheme: "https", Host: server.Listener.Addr().String()})
	server.StartTLS()
	t.Cleanup(server.Close)
	return &Server{server, t}
}

func (s *Server) baseURL() *url.URL {
	u, _ := url.Parse(s.URL)
	return u
}

// Browser is a client that keeps cookies and does not follow redirects. A
// connection error fails the test.
type Browser struct {
	Header http.Header // sent with each request

	server *Server
	client *http.Client
}

// Browser returns a browser without cookies.
func (s *Server) Browser() *Browser {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	client := *s.Client()
	client.Jar = jar
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Browser{Header: http.Header{}, server: s, client: &client}
}

// Response is a response whose body has been read.
type Response struct {
	*http.Response
	Page string
}

// Location returns the target of a redirect, or "".
func (a Response) Location() string { return a.Header.Get("Location") }

// LocationPath returns Location without its query.
func (a Response) LocationPath() string {
	path, _, _ := strings.Cut(a.Location(), "?")
	return path
}

// Send sends a request, with a form unless form is nil.
func (b *Browser) Send(method, path string, form url.Values) Response {
	b.server.t.Helper()
	contentType := ""
	if form != nil {
		contentType = "application/x-www-form-urlencoded"
	}
	return b.SendBody(method, path, contentType, form.Encode())
}

// SendJSON sends JSON, as scripts do.
func (b *Browser) SendJSON(method, path, body string) Response {
	b.server.t.Helper()
	return b.SendBody(method, path, "application/json", body)
}

// PostJSON is SendJSON with POST.
func (b *Browser) PostJSON(path, body string) Response {
	b.server.t.Helper()
	return b.SendJSON("POST", path, body)
}

// SendBody sends a body of a content type.
func (b *Browser) SendBody(method, path, contentType, body string) Response {
	b.server.t.Helper()
	req, err := http.NewRequest(method, b.server.URL+path, strings.NewReader(body))
	if err != nil {
		b.server.t.Fatal(err)
	}
	maps.Copy(req.Header, b.Header)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := b.client.Do(req)
	if err != nil {
		b.server.t.Fatal(err)
	}
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	if err != nil {
		b.server.t.Fatal(err)
	}
	return Response{res, string(page)}
}

// Get requests a page.
func (b *Browser) Get(path string) Response { b.server.t.Helper(); return b.Send("GET", path, nil) }

// Post submits a form.
func (b *Browser) Post(path string, form url.Values) Response {
	b.server.t.Helper()
	return b.Send("POST", path, form)
}

// Put submits a form with _method=PUT, as pages do.
func (b *Browser) Put(path string, form url.Values) Response {
	b.server.t.Helper()
	return b.Post(path, withMethod(form, "PUT"))
}

// Delete submits a form with _method=DELETE.
func (b *Browser) Delete(path string, form url.Values) Response {
	b.server.t.Helper()
	return b.Post(path, withMethod(form, "DELETE"))
}

func withMethod(form url.Values, method string) url.Values {
	sent := url.Values{"_method": {method}}
	maps.Copy(sent, form)
	return sent
}

// Cookie returns the value of the first cookie whose name ends with suffix, or "". It
// finds a cookie with or without the prefix __Host-.
func (b *Browser) Cookie(suffix string) string {
	for _, c := range b.client.Jar.Cookies(b.server.baseURL()) {
		if strings.HasSuffix(c.Name, suffix) {
			return c.Value
		}
	}
	return ""
}

// RefuseCookies makes the browser keep no cookies.
func (b *Browser) RefuseCookies() { b.client.Jar = nil }

// SetCookie stores a cookie in the browser.
func (b *Browser) SetCookie(name, value string) {
	u := b.server.baseURL()
	b.client.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/", Secure: u.Scheme == "https"}})
}

// Flashes returns the texts of the paragraphs in a page's alerts.
func Flashes(page string) (messages []string) {
	for _, part := range strings.Split(page, `<div class="alert`)[1:] {
		_, text, _ := strings.Cut(part, "<p>")
		text, _, _ = strings.Cut(text, "</p>")
		messages = append(messages, text)
	}
	return messages
}
