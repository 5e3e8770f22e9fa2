package actions_test

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

	"corral/models"
	"corral/models/modelstest"
)

// headersEverywhere are on every answer, whoever writes it.
var headersEverywhere = map[string]string{
	"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; " +
		"base-uri 'none'; object-src 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
	"Referrer-Policy":              "no-referrer",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Cross-Origin-Embedder-Policy": "require-corp",
	"Permissions-Policy":           "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
	"Strict-Transport-Security":    "max-age=63072000; includeSubDomains",
}

func requireHeaders(t *testing.T, a answer) {
	t.Helper()
	for name, value := range headersEverywhere {
		require.Equal(t, []string{value}, a.Header.Values(name), name)
	}
	for _, none := range []string{"Server", "X-Powered-By", "Access-Control-Allow-Origin", "X-Request-Id"} {
		require.Empty(t, a.Header.Get(none), none)
	}
}

// What a browser may keep, by the value of Cache-Control.
const (
	nothing    = "no-store"
	askFirst   = "no-cache"
	forAYear   = "public, max-age=31536000, immutable"
	forOneDay  = "public, max-age=86400"
	plain      = "text/plain; charset=utf-8"
	page       = "text/html; charset=utf-8"
	stylesheet = "text/css; charset=utf-8"
	problem    = "application/problem+json"
)

// Every status that this app answers with, by whoever writes it. What net/http
// answers by itself, before there is a request to hand over, is in
// TestServer_WhatNetHTTPAnswers: nobody can add headers to that.
var answers = []struct {
	name    string
	status  int
	cache   string
	content string
	ask     func(s *site) answer
}{
	{"a page for everybody", 200, askFirst, page, func(s *site) answer { return s.browser().get("/welcome") }},
	{"the same page again", 304, askFirst, "", func(s *site) answer {
		return s.with("If-None-Match", s.browser().get("/welcome").Header.Get("ETag")).get("/welcome")
	}},
	{"a page of somebody's", 200, nothing, page, func(s *site) answer { return s.signedIn("ada@example.com", firefox).get("/account") }},
	{"a page with a flash", 200, nothing, page, func(s *site) answer { b := s.browser(); b.get("/"); return b.get("/login") }},
	{"HEAD", 200, askFirst, page, func(s *site) answer { return s.browser().send("HEAD", "/welcome", nil) }},
	{"the guard", 302, nothing, page, func(s *site) answer { return s.browser().get("/account") }},
	{"a form that succeeded", 303, nothing, "", func(s *site) answer { return s.browser().logIn("ada@example.com") }},
	{"logging out", 303, nothing, "", func(s *site) answer { return s.signedIn("ada@example.com", firefox).logOut() }},
	{"to https", 308, nothing, page, func(s *site) answer { return s.ask("GET", "127.0.0.1", "http", "") }},
	{"no form", 400, nothing, page, func(s *site) answer { return s.ask("POST", "127.0.0.1", "https", "email=%zz") }},
	{"JSON, signed out", 401, nothing, problem, func(s *site) answer { return s.with("Accept", "application/json").get("/account") }},
	{"another site's page", 403, nothing, page, func(s *site) answer {
		return s.with("Sec-Fetch-Site", "cross-site").post("/login", url.Values{"a": {"b"}})
	}},
	{"a form in the clear", 403, nothing, page, func(s *site) answer { return s.ask("POST", "127.0.0.1", "http", "email=x") }},
	{"no such page", 404, nothing, page, func(s *site) answer { return s.browser().get("/nothing") }},
	{"two slashes", 404, nothing, page, func(s *site) answer { return s.browser().get("//welcome") }},
	{"a dead link", 404, nothing, page, func(s *site) answer { return s.browser().get("/password/reset/x") }},
	{"no such file", 404, nothing, page, func(s *site) answer { return s.browser().get("/assets/" + strings.Repeat("x", 300)) }},
	{"JSON, no such page", 404, nothing, problem, func(s *site) answer { return s.with("Accept", "application/json").get("/nothing") }},
	{"no such method", 405, nothing, page, func(s *site) answer { return s.browser().send("PATCH", "/welcome", nil) }},
	{"no such method on a file", 405, nothing, page, func(s *site) answer { return s.browser().send("DELETE", "/robots.txt", nil) }},
	{"TRACE", 405, nothing, page, func(s *site) answer { return s.browser().send("TRACE", "/", nil) }},
	{"a method of somebody's own", 405, nothing, page, func(s *site) answer { return s.browser().send("FOO", "/", nil) }},
	{"too much", 413, nothing, page, func(s *site) answer {
		return s.browser().post("/login", url.Values{"email": {strings.Repeat("x", 99999)}})
	}},
	{"not a form", 415, nothing, page, func(s *site) answer {
		return s.raw("POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-Proto: https\r\nContent-Type: application/xml\r\nContent-Length: 4\r\n\r\n<a/>")
	}},
	{"another host", 421, nothing, page, func(s *site) answer { return s.ask("GET", "evil.example", "https", "") }},
	{"a form that was refused", 422, nothing, page, func(s *site) answer { return s.browser().signUp("x") }},
	{"too many tries", 429, nothing, page, func(s *site) answer {
		b := s.browser()
		for range 5 {
			b.logIn("bea@example.com")
		}
		return b.logIn("bea@example.com")
	}},
	{"a panic", 500, nothing, page, func(s *site) answer { return s.signedIn("ada@example.com", firefox).get("/panic") }},
	{"no database", 503, nothing, page, func(s *site) answer { return s.withoutDatabase("/password/reset/x") }},
	{"a file", 200, forAYear, stylesheet, func(s *site) answer { b := s.browser(); return b.get(stylesheetPath(b.get("/welcome").page)) }},
	{"a file at the root", 200, forOneDay, plain, func(s *site) answer { return s.browser().get("/robots.txt") }},
	{"alive", 200, nothing, plain, func(s *site) answer { return s.browser().get("/healthz") }},
	{"ready", 200, nothing, plain, func(s *site) answer { return s.browser().get("/readyz") }},
	{"not ready", 503, nothing, plain, func(s *site) answer { return s.withoutDatabase("/readyz") }},
	{"OPTIONS *", 404, nothing, page, func(s *site) answer {
		return s.raw("OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-Proto: https\r\n\r\n")
	}},
	{"CONNECT", 405, nothing, page, func(s *site) answer {
		return s.raw("CONNECT 127.0.0.1 HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-Proto: https\r\n\r\n")
	}},
	{"HTTP/1.0 without a host", 421, nothing, page, func(s *site) answer { return s.raw("GET / HTTP/1.0\r\nX-Forwarded-Proto: https\r\n\r\n") }},
}

func TestHeaders_OnEveryAnswer(t *testing.T) {
	for _, c := range answers {
		t.Run(c.name, func(t *testing.T) {
			modelstest.Empty(t)
			s := behindProxy(t)
			modelstest.SignUp(t, "ada@example.com")
			a := c.ask(s)
			require.Equal(t, c.status, a.StatusCode)
			requireHeaders(t, a)
			require.Equal(t, []string{c.cache}, a.Header.Values("Cache-Control"))
			require.Equal(t, c.cache == askFirst, a.Header.Get("ETag") != "")
			require.Equal(t, c.content, a.Header.Get("Content-Type"))
			require.Equal(t, c.status == 405, a.Header.Get("Allow") != "")
			require.Equal(t, c.name == "logging out", a.Header.Get("Clear-Site-Data") == `"cache", "storage"`)
			require.Equal(t, c.status == 429 || c.status == 503 && c.content == page, a.Header.Get("Retry-After") != "")
		})
	}
}

// Elsewhere than in production there is no promise of https.
func TestHeaders_HSTSIsForProduction(t *testing.T) {
	require.Empty(t, newSite(t).browser().get("/welcome").Header.Get("Strict-Transport-Security"))
}

func stylesheetPath(html string) string {
	_, rest, _ := strings.Cut(html, `<link rel="stylesheet" href="`)
	path, _, _ := strings.Cut(rest, `"`)
	return path
}

func (s *site) withoutDatabase(path string) answer {
	s.t.Helper()
	away := models.DB
	models.DB = closedDatabase(s.t)
	defer func() { models.DB = away }()
	return s.browser().get(path)
}

// raw sends bytes as they are.
func (s *site) raw(request string) answer {
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
	return answer{res, string(body)}
}
