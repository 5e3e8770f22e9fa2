package web_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gobuffalo/buffalo"
	"github.com/stretchr/testify/require"

	"corral/internal/web"
)

type scriptForm struct {
	Name string `json:"name"`
}

func scriptApp() *buffalo.App {
	app := buffalo.New(buffalo.Options{Env: "test", Logger: web.BuffaloLogger(slog.New(slog.DiscardHandler))})
	app.POST("/greet", func(c buffalo.Context) error {
		var form scriptForm
		if !web.BindScript(c, &form) {
			return nil
		}
		return web.AnswerScript(c, map[string]string{"hello": form.Name})
	})
	app.POST("/go", func(c buffalo.Context) error {
		c.Session().Set("who", "ada")
		c.Flash().Add("success", "done")
		return web.RedirectScript(c, http.StatusCreated, "/there?a=%s&b=<x>")
	})
	app.GET("/there", func(c buffalo.Context) error {
		return web.AnswerScript(c, map[string]any{"who": c.Session().Get("who"), "flash": string(c.Session().Get("_flash_").([]byte))})
	})
	return app
}

func TestBindScript(t *testing.T) {
	app := scriptApp()
	send := func(contentType, body string) *httptest.ResponseRecorder {
		w, r := httptest.NewRecorder(), httptest.NewRequest("POST", "/greet", strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		r.Body = http.MaxBytesReader(w, r.Body, 100)
		app.ServeHTTP(w, r)
		return w
	}
	for _, contentType := range []string{"application/json", "Application/JSON; charset=utf-8"} {
		w := send(contentType, `{"name": "Ada", "more": 1}`)
		require.Equal(t, 200, w.Code)
		require.Equal(t, "application/json", w.Header().Get("Content-Type"))
		require.JSONEq(t, `{"hello": "Ada"}`, w.Body.String())
		require.Empty(t, w.Header()["Set-Cookie"])
	}
	for _, refused := range []struct {
		contentType, body string
		status            int
	}{
		{"application/x-www-form-urlencoded", "name=Ada", 415}, {"text/plain", `{"name": "Ada"}`, 415}, {"", "{}", 415},
		{"application/json", "", 422}, {"application/json", "{", 422}, {"application/json", "[]", 422}, {"application/json", `{"name": 1}`, 422},
		{"application/json", `{"name": "` + strings.Repeat("x", 100) + `"}`, 413},
	} {
		w := send(refused.contentType, refused.body)
		require.Equal(t, refused.status, w.Code, refused)
		require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
	}
}

// The flash messages are shown on the page of the location.
func TestRedirectScript(t *testing.T) {
	app := scriptApp()
	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("POST", "/go", nil))
	require.Equal(t, 201, w.Code)
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	require.JSONEq(t, `{"location": "/there?a=%s&b=<x>"}`, w.Body.String())
	r := httptest.NewRequest("GET", "/there", nil)
	for _, cookie := range w.Result().Cookies() {
		r.AddCookie(cookie)
	}
	w = httptest.NewRecorder()
	app.ServeHTTP(w, r)
	require.JSONEq(t, `{"who": "ada", "flash": "{\"success\":[\"done\"]}"}`, w.Body.String())
}
