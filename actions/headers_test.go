package actions

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/internal/apptest"
	"corral/models"
	"corral/models/modelstest"
)

// headersEverywhere are the headers of every response.
var headersEverywhere = map[string]string{
	"Content-Security-Policy":      string(policy),
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
	"Referrer-Policy":              "same-origin",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Permissions-Policy":           "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
	"Strict-Transport-Security":    "max-age=63072000",
}

func requireHeaders(t *testing.T, a apptest.Response) {
	t.Helper()
	for name, value := range headersEverywhere {
		require.Equal(t, []string{value}, a.Header.Values(name), name)
	}
	for _, absent := range []string{"Server", "X-Powered-By", "Access-Control-Allow-Origin"} {
		require.Empty(t, a.Header.Get(absent), absent)
	}
	require.Len(t, a.Header.Values("X-Request-Id"), 1)
}

const (
	notStored   = "no-store"
	revalidated = "no-cache"
	forOneYear  = "public, max-age=31536000, immutable"
	forOneDay   = "public, max-age=86400"
	plain       = "text/plain; charset=utf-8"
	page        = "text/html; charset=utf-8"
	stylesheet  = "text/css; charset=utf-8"
	problem     = "application/problem+json"
)

// answers holds requests for most statuses that the app sends. Package web has the tests of
// responses that net/http sends without the app.
var answers = []struct {
	name    string
	status  int
	cache   string
	content string
	ask     func(s *site) apptest.Response
}{
	{"a public page", 200, revalidated, page, func(s *site) apptest.Response { return s.browser().Get("/welcome") }},
	{"the same page again", 304, revalidated, "", func(s *site) apptest.Response {
		return s.with("If-None-Match", s.browser().Get("/welcome").Header.Get("ETag")).Get("/welcome")
	}},
	{"a page of an account", 200, notStored, page, func(s *site) apptest.Response { return s.loggedIn("ada@example.com", firefox).Get("/account") }},
	{"a page with a flash", 200, notStored, page, func(s *site) apptest.Response { b := s.browser(); b.Get("/"); return b.Get("/login") }},
	{"HEAD", 200, revalidated, page, func(s *site) apptest.Response { return s.browser().Send("HEAD", "/welcome", nil) }},
	{"a guarded page", 302, notStored, page, func(s *site) apptest.Response { return s.browser().Get("/account") }},
	{"a form that succeeded", 303, notStored, "", func(s *site) apptest.Response { return s.browser().logIn("ada@example.com") }},
	{"logout", 303, notStored, "", func(s *site) apptest.Response { return s.loggedIn("ada@example.com", firefox).logOut() }},
	{"to https", 308, notStored, page, func(s *site) apptest.Response { return s.requestDirect("GET", "127.0.0.1", "http", "") }},
	{"a body that is no form", 400, notStored, page, func(s *site) apptest.Response { return s.requestDirect("POST", "127.0.0.1", "https", "email=%zz") }},
	{"JSON, logged out", 401, notStored, problem, func(s *site) apptest.Response { return s.with("Accept", "application/json").Get("/account") }},
	{"a background request, logged out", 401, notStored, page, func(s *site) apptest.Response { return s.with("Sec-Fetch-Mode", "cors").Get("/account") }},
	{"a form of another site", 403, notStored, page, func(s *site) apptest.Response {
		return s.with("Sec-Fetch-Site", "cross-site").Post("/login", url.Values{"a": {"b"}})
	}},
	{"a form without https", 403, notStored, page, func(s *site) apptest.Response { return s.requestDirect("POST", "127.0.0.1", "http", "email=x") }},
	{"no such page", 404, notStored, page, func(s *site) apptest.Response { return s.browser().Get("/nothing") }},
	{"two slashes", 404, notStored, page, func(s *site) apptest.Response { return s.browser().Get("//welcome") }},
	{"a dead link", 404, notStored, page, func(s *site) apptest.Response { return s.browser().Get("/password/reset/x") }},
	{"no such file", 404, notStored, page, func(s *site) apptest.Response { return s.browser().Get("/assets/" + strings.Repeat("x", 300)) }},
	{"JSON, no such page", 404, notStored, problem, func(s *site) apptest.Response { return s.with("Accept", "application/json").Get("/nothing") }},
	{"no such method", 405, notStored, page, func(s *site) apptest.Response { return s.browser().Send("PATCH", "/welcome", nil) }},
	{"no such method on a file", 405, notStored, page, func(s *site) apptest.Response { return s.browser().Send("DELETE", "/robots.txt", nil) }},
	{"TRACE", 405, notStored, page, func(s *site) apptest.Response { return s.browser().Send("TRACE", "/", nil) }},
	{"an unknown method", 405, notStored, page, func(s *site) apptest.Response { return s.browser().Send("FOO", "/", nil) }},
	{"a body that is too large", 413, notStored, page, func(s *site) apptest.Response {
		return s.browser().Post("/login", url.Values{"email": {strings.Repeat("x", 99999)}})
	}},
	{"an XML body", 422, notStored, page, func(s *site) apptest.Response {
		return s.raw("POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-Proto: https\r\nContent-Type: application/xml\r\nContent-Length: 4\r\n\r\n<a/>")
	}},
	{"another host", 421, notStored, page, func(s *site) apptest.Response { return s.requestDirect("GET", "evil.example", "https", "") }},
	{"a form that was refused", 422, notStored, page, func(s *site) apptest.Response { return s.browser().signUp("x") }},
	{"too many attempts", 429, notStored, page, func(s *site) apptest.Response {
		models.Clock.Stop()
		b := s.browser()
		for range 5 {
			b.logIn("bea@example.com")
		}
		return b.logIn("bea@example.com")
	}},
	{"a proxy without X-Forwarded-Proto", 502, notStored, page, func(s *site) apptest.Response { return s.requestDirect("GET", "127.0.0.1", "", "") }},
	{"a panic", 500, notStored, page, func(s *site) apptest.Response { return s.loggedIn("ada@example.com", firefox).Get("/panic") }},
	{"no database", 503, notStored, page, func(s *site) apptest.Response { return s.getWithoutDatabase("/password/reset/x") }},
	{"a file", 200, forOneYear, stylesheet, func(s *site) apptest.Response { b := s.browser(); return b.Get(stylesheetPath(b.Get("/welcome").Page)) }},
	{"a file at the root", 200, forOneDay, plain, func(s *site) apptest.Response { return s.browser().Get("/robots.txt") }},
	{"alive", 200, notStored, plain, func(s *site) apptest.Response { return s.browser().Get("/healthz") }},
	{"ready", 200, notStored, plain, func(s *site) apptest.Response { return s.browser().Get("/readyz") }},
	{"not ready", 503, notStored, plain, func(s *site) apptest.Response { return s.getWithoutDatabase("/readyz") }},
	{"OPTIONS *", 404, notStored, page, func(s *site) apptest.Response {
		return s.raw("OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-Proto: https\r\n\r\n")
	}},
	{"CONNECT", 405, notStored, page, func(s *site) apptest.Response {
		return s.raw("CONNECT 127.0.0.1 HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-Proto: https\r\n\r\n")
	}},
	{"HTTP/1.0 without a host", 421, notStored, page, func(s *site) apptest.Response { return s.raw("GET / HTTP/1.0\r\nX-Forwarded-Proto: https\r\n\r\n") }},
}

func TestHeaders_OnEveryResponse(t *testing.T) {
	modelstest.Empty(t)
	s := behindProxy(t)
	modelstest.SignUp(t, "ada@example.com")
	for _, c := range answers {
		t.Run(c.name, func(t *testing.T) {
			a := c.ask(s)
			require.Equal(t, c.status, a.StatusCode)
			requireHeaders(t, a)
			require.Equal(t, []string{c.cache}, a.Header.Values("Cache-Control"))
			require.Equal(t, c.cache == revalidated, a.Header.Get("ETag") != "")
			require.Equal(t, c.content, a.Header.Get("Content-Type"))
			require.Equal(t, c.status == 401, a.Header.Get("WWW-Authenticate") == "Session", "browsers open no dialog for it")
			require.Equal(t, c.status == 405, a.Header.Get("Allow") != "")
			require.Equal(t, c.name == "logout", a.Header.Get("Clear-Site-Data") == `"storage"`)
			require.Equal(t, c.status == 429 || c.status == 503 && c.content == page, a.Header.Get("Retry-After") != "")
		})
	}
}

func TestHeaders_HSTSInProductionOnly(t *testing.T) {
	hsts := func(s *site) string { return s.browser().Get("/welcome").Header.Get("Strict-Transport-Security") }
	require.Empty(t, hsts(newSite(t)))
	require.Equal(t, "max-age=63072000; includeSubDomains", hsts(newProductionSite(t, func(c *config.Config) { c.HSTSSubdomains = true })))
}

func stylesheetPath(html string) string {
	_, rest, _ := strings.Cut(html, `<link rel="stylesheet" href="`)
	path, _, _ := strings.Cut(rest, `"`)
	return path
}

func (s *site) getWithoutDatabase(path string) apptest.Response {
	s.t.Helper()
	open := models.DB
	models.DB = closedDatabase(s.t)
	defer func() { models.DB = open }()
	return s.browser().Get(path)
}

func (s *site) raw(request string) apptest.Response {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	require.NoError(s.t, err)
	defer conn.Close()
	fmt.Fprint(conn, request)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(s.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	return apptest.Response{Response: res, Page: string(body)}
}
