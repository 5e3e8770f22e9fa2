package actions_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/pop/v6"
	"github.com/stretchr/testify/require"

	"corral/actions"
	"corral/models"
	"corral/models/modelstest"
)

// Each status is provoked for real, and is a page of this app with all its headers.
func TestErrors_EveryStatusIsAPage(t *testing.T) {
	s := newProductionSite(t)
	form := "application/x-www-form-urlencoded"
	throttled := s.browser()
	for range 5 {
		throttled.post("/login", url.Values{"email": {"ada@example.com"}, "password": {"x"}})
	}
	for _, c := range []struct {
		status                   int
		method, path, kind, body string
		header, value, title     string
	}{
		{status: 400, method: "POST", path: "/login", kind: form, body: "email=%zz", title: "That could not be read"},
		{status: 403, method: "POST", path: "/login", kind: form, body: "email=x", header: "Sec-Fetch-Site", value: "cross-site", title: "That was refused"},
		{status: 404, method: "GET", path: "/nothing/here?secret=1", title: "There is no such page"},
		{status: 404, method: "GET", path: "//welcome", title: "There is no such page"},
		{status: 404, method: "GET", path: "/assets/" + strings.Repeat("x", 300), title: "There is no such page"},
		{status: 405, method: "PUT", path: "/welcome", title: "That does not work here"},
		{status: 405, method: "TRACE", path: "/", title: "That does not work here"},
		{status: 413, method: "POST", path: "/login", kind: form, body: "email=" + strings.Repeat("x", 1<<20), title: "That is too much"},
		{status: 415, method: "POST", path: "/login", kind: "application/xml", body: "<a/>", title: "That format is not understood"},
		{status: 421, method: "GET", path: "/welcome", header: "Host", value: "evil.example", title: "This site has another address"},
		{status: 422, method: "POST", path: "/signup", kind: form, body: "email=x", title: "Sign up"},
		{status: 429, method: "POST", path: "/login", kind: form, body: "email=ada@example.com&password=x", title: "Log in"},
	} {
		req, err := http.NewRequest(c.method, s.URL+c.path, strings.NewReader(c.body))
		require.NoError(t, err)
		if c.kind != "" {
			req.Header.Set("Content-Type", c.kind)
		}
		if c.header == "Host" {
			req.Host = c.value
		} else if c.header != "" {
			req.Header.Set(c.header, c.value)
		}
		a := s.do(req)
		require.Equal(t, c.status, a.StatusCode, "%s %.40s", c.method, c.path)
		require.Equal(t, "text/html; charset=utf-8", a.Header.Get("Content-Type"))
		require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
		requireHeaders(t, a)
		require.Contains(t, a.page, c.title)
		require.Contains(t, a.page, `<html lang="en-US" dir="ltr">`)
		for _, leak := range []string{"secret=1", "goroutine", "gobuffalo", ".go:"} {
			require.NotContains(t, strings.ToLower(a.page), strings.ToLower(leak), "%d", c.status)
		}
		require.Equal(t, c.status == 405, a.Header.Get("Allow") != "")
	}
}

// Whoever hangs up meanwhile has caused no error: nobody is to be woken by visitors.
func TestErrors_WhoLeftIsNone(t *testing.T) {
	modelstest.Empty(t)
	log, c := actions.CaptureLog(t), testConfig(t)
	ctx, hangUp := context.WithCancel(t.Context())
	hangUp()
	req := httptest.NewRequestWithContext(ctx, "POST", "/login", strings.NewReader("email=ada@example.com&password=x"))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Host = c.Host.Host
	actions.Edge(actions.New(c), c, nil).ServeHTTP(httptest.NewRecorder(), req)
	require.Contains(t, log.String(), "status=503")
	require.NotContains(t, log.String(), "level=ERROR")
}

// Another host's name leads nowhere: the page shows no file, link or form of ours.
func TestErrors_AnotherHostPromisesNothing(t *testing.T) {
	s := newSite(t)
	req, err := http.NewRequest("GET", s.URL+"/welcome", nil)
	require.NoError(t, err)
	req.Host = "evil.example"
	a := s.do(req)
	require.Equal(t, 421, a.StatusCode)
	require.Contains(t, a.page, "<h1>This site has another address</h1>")
	require.NotRegexp(t, ` (src|href|action)=`, a.page)
}

func (s *site) do(req *http.Request) answer {
	s.t.Helper()
	res, err := s.Client().Transport.RoundTrip(req)
	require.NoError(s.t, err)
	defer res.Body.Close()
	var page bytes.Buffer
	_, err = page.ReadFrom(res.Body)
	require.NoError(s.t, err)
	return answer{res, page.String()}
}

func TestErrors_JSONForThoseWhoAsk(t *testing.T) {
	b := newSite(t).browser()
	b.header.Set("Accept", "application/json")
	a := b.get("/nothing")
	require.Equal(t, "application/problem+json", a.Header.Get("Content-Type"))
	var problem struct {
		Type, Title string
		Status      int
	}
	require.NoError(t, json.Unmarshal([]byte(a.page), &problem))
	require.Equal(t, 404, problem.Status)
	require.Equal(t, "Not Found", problem.Title)
	b.header.Set("Accept", "text/html,application/json;q=0.9")
	require.Contains(t, b.get("/nothing").page, "<html")
}

func TestErrors_AllowNamesTheMethods(t *testing.T) {
	b := newSite(t).browser()
	for path, allow := range map[string]string{
		"/welcome": "GET, HEAD", "/login": "GET, HEAD, POST", "/logout": "GET, HEAD, DELETE", "/account/email/": "PUT",
	} {
		a := b.send("PATCH", path, url.Values{})
		require.Equal(t, 405, a.StatusCode, path)
		require.Equal(t, allow, a.Header.Get("Allow"), path)
	}
}

// An error page keeps the message for the page after it.
func TestErrors_FlashSurvives(t *testing.T) {
	b := newSite(t).browser()
	b.get("/")
	require.Empty(t, flashes(b.get("/nothing").page))
	require.Equal(t, []string{"You need to login first."}, flashes(b.get("/login").page))
}

// A panic is a logged 500, and the connection lives on.
func TestErrors_Panic(t *testing.T) {
	modelstest.Empty(t)
	c := testConfig(t)
	app := actions.New(c)
	app.DELETE("/logout/boom", func(buffalo.Context) error { panic("kept from the visitor") })
	server := httptest.NewServer(actions.Edge(app, c, nil))
	t.Cleanup(server.Close)
	s := &site{server, t}
	b := s.browser()
	modelstest.SignUp(t, "ada@example.com")
	b.logIn("ada@example.com")
	a := b.send("DELETE", "/logout/boom", url.Values{})
	require.Equal(t, 500, a.StatusCode)
	require.Contains(t, a.page, "Something went wrong")
	require.NotContains(t, a.page, "kept from the visitor")
	require.Equal(t, 200, b.get("/").StatusCode)
}

// HEAD answers as GET does, without the body.
func TestErrors_HEAD(t *testing.T) {
	b := newSite(t).browser()
	for path, status := range map[string]int{"/welcome": 200, "/": 302, "/nothing": 404, "/robots.txt": 200} {
		a := b.send("HEAD", path, nil)
		require.Equal(t, status, a.StatusCode, path)
		require.Empty(t, a.page)
	}
}

// /x and /x/ are one, and no Location carries a slash at its end.
func TestErrors_TrailingSlash(t *testing.T) {
	b := newSite(t).browser()
	require.Equal(t, b.get("/welcome").page, b.get("/welcome/").page)
	require.Equal(t, "/login", b.get("/account/").location())
}

// closedDatabase is a connection that has been closed.
func closedDatabase(t testing.TB) *pop.Connection {
	t.Helper()
	details := *models.DB.Dialect.Details()
	if details.Dialect == "postgres" {
		details.URL = models.DB.URL()
	}
	conn, err := pop.NewConnection(&details)
	require.NoError(t, err)
	require.NoError(t, conn.Open())
	require.NoError(t, conn.Store.Close())
	return conn
}

// A database that fails is 503, signs nobody in, and needs no restart.
func TestErrors_DatabaseAway(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	b.logIn("ada@example.com")
	away := models.DB
	models.DB = closedDatabase(t)
	t.Cleanup(func() { models.DB = away })
	for _, a := range []answer{b.get("/"), s.browser().logIn("ada@example.com")} {
		require.Equal(t, 503, a.StatusCode)
		require.NotEmpty(t, a.Header.Get("Retry-After"))
		require.Contains(t, a.page, "Back in a moment")
	}
	require.Equal(t, 200, s.browser().get("/welcome").StatusCode, "what needs no database goes on")
	models.DB = away
	require.Equal(t, 200, b.get("/").StatusCode)
}
