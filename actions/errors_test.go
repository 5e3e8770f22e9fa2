package actions

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/events"
	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/locales"
	"corral/models"
	"corral/models/modelstest"
)

func TestErrors_EveryStatusIsAPage(t *testing.T) {
	s := newProductionSite(t)
	models.Clock.Stop()
	form := "application/x-www-form-urlencoded"
	limited := s.browser()
	for range 5 {
		limited.Post("/login", url.Values{"email": {"ada@example.com"}, "password": {"x"}})
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
		{status: 413, method: "POST", path: "/login", kind: form, body: "email=" + strings.Repeat("x", 1<<20), title: "That is too large"},
		{status: 422, method: "POST", path: "/login", kind: "application/xml", body: "<a/>", title: "Log in"},
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
		require.Contains(t, a.Page, c.title)
		require.Contains(t, a.Page, `<html lang="en-US" dir="ltr">`)
		for _, leak := range []string{"secret=1", "goroutine", "gobuffalo", ".go:"} {
			require.NotContains(t, strings.ToLower(a.Page), strings.ToLower(leak), "%d", c.status)
		}
		require.Equal(t, c.status == 405, a.Header.Get("Allow") != "")
	}
}

func TestErrors_OtherStatusesKeepTheirNumber(t *testing.T) {
	s := newSite(t)
	app.Middleware.Skip(Authorize, testStatus)
	app.GET("/test/status/{status}", testStatus)
	for _, status := range []int{402, 409, 418, 451, 507} {
		a := s.browser().Get("/test/status/" + strconv.Itoa(status))
		require.Equal(t, status, a.StatusCode)
		title := in(locales.Default, cmp.Or(errorKeys[status], "error.other")+".title") // a developer may add a text for a status
		require.Contains(t, a.Page, "<h1>"+title+"</h1>")
		require.NotContains(t, a.Page, "not for clients")
	}
}

func testStatus(c buffalo.Context) error {
	status, err := strconv.Atoi(c.Param("status"))
	if err != nil {
		return err
	}
	return c.Error(status, errors.New("not for clients"))
}

func TestErrors_DisconnectIsNotLoggedAsAnError(t *testing.T) {
	modelstest.Empty(t)
	log, c := captureLog(t), modelstest.Config()
	ctx, disconnect := context.WithCancel(t.Context())
	disconnect()
	req := httptest.NewRequestWithContext(ctx, "POST", "/login", strings.NewReader("email=ada@example.com&password=x"))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Host = c.Host.Host
	Handler(newApp(t, c), c, testLogger(t, c), nil).ServeHTTP(httptest.NewRecorder(), req)
	require.Contains(t, log.String(), "status=503")
	require.NotContains(t, log.String(), "level=ERROR")
}

func TestErrors_JSON(t *testing.T) {
	b := newSite(t).browser()
	b.Header.Set("Accept", "application/json")
	a := b.Get("/nothing")
	require.Equal(t, "application/problem+json", a.Header.Get("Content-Type"))
	var problem struct {
		Type, Title string
		Status      int
	}
	require.NoError(t, json.Unmarshal([]byte(a.Page), &problem))
	require.Equal(t, 404, problem.Status)
	require.Equal(t, "Not Found", problem.Title)
	b.Header.Set("Accept", "text/html,application/json;q=0.9")
	require.Contains(t, b.Get("/nothing").Page, "<html")
}

func TestErrors_Allow(t *testing.T) {
	b := newSite(t).browser()
	for path, allow := range map[string]string{
		"/welcome": "GET, HEAD", "/login": "GET, HEAD, POST", "/logout": "GET, HEAD, DELETE", "/account/email/": "PUT",
	} {
		a := b.Send("PATCH", path, url.Values{})
		require.Equal(t, 405, a.StatusCode, path)
		require.Equal(t, allow, a.Header.Get("Allow"), path)
	}
}

func TestErrors_FlashStays(t *testing.T) {
	b := newSite(t).browser()
	b.Get("/")
	require.Empty(t, apptest.Flashes(b.Get("/nothing").Page))
	require.Equal(t, []string{"You need to login first."}, apptest.Flashes(b.Get("/login").Page))
}

func TestErrors_CauseIsNotShown(t *testing.T) {
	s := newSite(t)
	app.DELETE("/logout/fail", func(c buffalo.Context) error { return c.Error(500, errors.New("not for clients")) })
	modelstest.SignUp(t, "ada@example.com")
	for _, accept := range []string{"text/html", "application/json"} {
		b := s.loggedIn("ada@example.com", firefox)
		b.Header.Set("Accept", accept)
		a := b.Delete("/logout/fail", nil)
		require.Equal(t, 500, a.StatusCode)
		require.NotContains(t, a.Page, "not for clients")
	}
}

// An error of the app's own has a status before Buffalo chooses the handler.
func TestErrors_OwnersHandlers(t *testing.T) {
	s := newSite(t)
	for _, status := range []int{404, 413, 429, 500, 503} {
		app.ErrorHandlers[status] = func(given int, err error, c buffalo.Context) error {
			c.Response().WriteHeader(given)
			_, writing := fmt.Fprintf(c.Response(), "handler %d: %v", status, err)
			return writing
		}
	}
	errs := map[string]error{
		"missing": fmt.Errorf("finding: %w", models.ErrNotFound), "limited": &models.RateLimited{RetryAfter: time.Minute},
		"large": &http.MaxBytesError{Limit: 1}, "down": context.DeadlineExceeded, "broken": errors.New("a fault"),
	}
	app.GET("/test/errors/{name}", func(c buffalo.Context) error {
		err := errs[c.Param("name")]
		if status := c.Param("status"); status != "" {
			return c.Error(must(strconv.Atoi(status)), err)
		}
		return err
	})
	modelstest.SignUp(t, "ada@example.com")
	ada := s.loggedIn("ada@example.com", firefox)
	for path, status := range map[string]int{
		"missing": 404, "limited": 429, "large": 413, "down": 503, "broken": 500,
		"missing?status=500": 404, "large?status=400": 413, "down?status=500": 503,
	} {
		name, _, _ := strings.Cut(path, "?")
		a := ada.Get("/test/errors/" + path)
		require.Equal(t, status, a.StatusCode, path)
		require.Equal(t, fmt.Sprintf("handler %d: %v", status, errs[name]), a.Page)
		require.Equal(t, status == 429, a.Header.Get("Retry-After") == "60", path)
	}
	for _, name := range []string{"missing", "limited", "down", "broken"} {
		a := ada.Get("/test/errors/" + name + "?status=418")
		require.Equal(t, 418, a.StatusCode, "the handler's own status stays")
	}
}

// Only c.Error gives a text to clients.
func TestErrors_NoDetailOfOtherErrors(t *testing.T) {
	s := newSite(t)
	errs := map[string]error{"missing": models.ErrNotFound, "limited": &models.RateLimited{RetryAfter: time.Minute}}
	app.GET("/test/errors/{name}", func(c buffalo.Context) error {
		return fmt.Errorf("loading payroll of Eve: %w", errs[c.Param("name")])
	})
	modelstest.SignUp(t, "ada@example.com")
	ada := s.loggedIn("ada@example.com", firefox)
	ada.Header.Set("Accept", "application/json")
	for name, err := range errs {
		a := ada.Get("/test/errors/" + name)
		require.Contains(t, a.Page, fmt.Sprintf(`"detail":%q`, err))
		require.NotContains(t, a.Page, "payroll")
	}
}

func TestErrors_PanicIs500(t *testing.T) {
	s := newSite(t)
	app.DELETE("/logout/boom", func(buffalo.Context) error { panic("not for clients") })
	b := s.browser()
	modelstest.SignUp(t, "ada@example.com")
	b.logIn("ada@example.com")
	a := b.Send("DELETE", "/logout/boom", url.Values{})
	require.Equal(t, 500, a.StatusCode)
	require.Contains(t, a.Page, "Something went wrong")
	require.NotContains(t, a.Page, "not for clients")
	require.Equal(t, 200, b.Get("/").StatusCode)
}

// emitted is a manager of Buffalo's events that keeps them.
type emitted chan events.Event

func (e emitted) Emit(event events.Event) error { e <- event; return nil }

func (emitted) Listen(string, events.Listener) (events.DeleteFn, error) { return nil, nil }

func TestErrors_PanicIsBuffalos(t *testing.T) {
	all := make(emitted, 100)
	events.SetManager(all)
	t.Cleanup(func() { events.SetManager(events.DefaultManager()) })
	log := captureLog(t)
	s, other := newSite(t), anotherLanguage()
	modelstest.SignUp(t, "ada@example.com")
	ada := s.loggedIn("ada@example.com", firefox)
	ada.Put("/account/language", url.Values{"language": {other}})
	causes := []any{"boom", errors.New("boom"), buffalo.HTTPError{Status: 404, Cause: errors.New("boom")}, models.ErrNotFound}
	app.GET("/test/boom/{n}", func(c buffalo.Context) error { panic(causes[must(strconv.Atoi(c.Param("n")))]) })
	for n, cause := range causes {
		before := len(log.String())
		a := ada.Get("/test/boom/" + strconv.Itoa(n))
		require.Equal(t, 500, a.StatusCode)
		require.Contains(t, a.Page, in(other, "error.internal.title"))
		lines := log.String()[before:]
		require.Equal(t, 1, strings.Count(lines, "event=panic"), lines)
		require.Equal(t, 1, strings.Count(lines, "level=ERROR"), lines)
		require.Contains(t, lines, "errors_test.go", "the stack")
		var seen []error
		for len(all) > 0 {
			event := <-all
			require.NotEqual(t, events.ErrGeneral, event.Kind)
			if event.Kind == events.ErrPanic {
				require.Contains(t, event.Payload["stacktrace"], "errors_test.go")
				require.Equal(t, app, event.Payload["app"])
				seen = append(seen, event.Error)
			}
		}
		require.Len(t, seen, 1)
		require.EqualError(t, seen[0], fmt.Sprint(cause))
	}
	app.ErrorHandlers[http.StatusInternalServerError] = func(status int, err error, c buffalo.Context) error {
		c.Response().WriteHeader(status)
		_, writing := fmt.Fprint(c.Response(), "mine: ", err)
		return writing
	}
	require.Equal(t, "mine: boom", ada.Get("/test/boom/0").Page)
}

func TestErrors_HEADAnswersAsGET(t *testing.T) {
	b := newSite(t).browser()
	for path, status := range map[string]int{"/welcome": 200, "/": 302, "/nothing": 404, "/robots.txt": 200} {
		a := b.Send("HEAD", path, nil)
		require.Equal(t, status, a.StatusCode, path)
		require.Empty(t, a.Page)
	}
}

func TestErrors_TrailingSlashIsTheSamePage(t *testing.T) {
	b := newSite(t).browser()
	require.Equal(t, b.Get("/welcome").Page, b.Get("/welcome/").Page)
	require.Equal(t, "/login", b.Get("/account/").LocationPath())
}

func TestErrors_ProxyWithoutScheme(t *testing.T) {
	s := behindProxy(t)
	a := s.requestDirect("GET", "127.0.0.1", "", "")
	require.Equal(t, 502, a.StatusCode)
	require.Contains(t, a.Page, "X-Forwarded-Proto")
	require.NotRegexp(t, ` (src|href|action)=`, a.Page, "links would not work")
}

// A handler that fails is logged as an error, but a client that disconnects is not.
func TestErrors_AfterTheResponseBegan(t *testing.T) {
	modelstest.Empty(t)
	log, c := captureLog(t), modelstest.Config()
	app := newApp(t, c)
	stream := func(c buffalo.Context) error {
		c.Response().(http.Flusher).Flush()
		if c.Param("broken") != "" {
			return errors.New("the handler failed")
		}
		<-c.Done()
		return errors.New("write: broken pipe")
	}
	app.GET("/stream", stream)
	app.Middleware.Skip(Authorize, stream)
	s := apptest.NewServer(t, Handler(app, c, testLogger(t, c), nil))
	for _, query := range []string{"", "?broken=1"} {
		res, err := http.Get(s.URL + "/stream" + query)
		require.NoError(t, err)
		if query == "" {
			res.Body.Close()
		} else {
			_, err = io.ReadAll(res.Body)
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		}
	}
	s.Close() // waits for all requests
	require.NotContains(t, log.String(), "broken pipe")
	require.Contains(t, log.String(), "the handler failed")
	require.Equal(t, 2, strings.Count(log.String(), "request cut off"))
}

// The error page shows the ID of the request, by which an operator finds it in the log.
func TestErrors_PagesShowTheRequestsID(t *testing.T) {
	b := newSite(t).browser()
	for _, a := range []apptest.Response{b.Get("/nothing"), b.Send("DELETE", "/welcome", nil), b.Send("PATCH", "/", nil)} {
		require.GreaterOrEqual(t, a.StatusCode, 400)
		id := a.Header.Get("X-Request-Id")
		require.NotEmpty(t, id)
		require.Contains(t, a.Page, "Request ID: "+id)
	}
}
