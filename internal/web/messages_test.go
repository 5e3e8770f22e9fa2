package web_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/buffalo/render"
	"github.com/stretchr/testify/require"

	"corral/internal/web"
)

func answered(accept, method string, h buffalo.Handler) *httptest.ResponseRecorder {
	app := buffalo.New(buffalo.Options{Env: "test", Logger: web.BuffaloLogger(slog.New(slog.DiscardHandler))})
	app.GET("/", h)
	app.POST("/", h)
	w, r := httptest.NewRecorder(), httptest.NewRequest(method, "/", nil)
	r.Header.Set("Accept", accept)
	app.ServeHTTP(w, r)
	return w
}

func TestRenderForm(t *testing.T) {
	page := render.Func("text/html", func(w io.Writer, data render.Data) error {
		_, err := fmt.Fprintf(w, "%v %v", data["form_message"], data["messages"])
		return err
	})
	send := func(accept string, wait time.Duration, wrong web.Messages) *httptest.ResponseRecorder {
		return answered(accept, "POST", func(c buffalo.Context) error {
			if wait > 0 {
				web.SetRetryAfter(c, wait)
			}
			return web.RenderForm(c, page, wrong)
		})
	}
	w := send("text/html", 0, web.Messages{"email": ""})
	require.Equal(t, 200, w.Code)
	require.Equal(t, " map[]", w.Body.String())
	w = send("text/html", 0, web.Messages{"email": "Wrong.", "password": "Wrong.", "code": ""})
	require.Equal(t, 422, w.Code)
	require.Equal(t, "Wrong. map[email:Wrong. password:Wrong.]", w.Body.String())
	w = send("application/json", 1500*time.Millisecond, web.Messages{"email": "Wait."})
	require.Equal(t, 429, w.Code)
	require.Equal(t, "2", w.Header().Get("Retry-After"))
	require.JSONEq(t, `{"type":"about:blank","title":"Too Many Requests","status":429,"detail":"Wait.","errors":{"email":["Wait."]}}`, w.Body.String())
}

func TestRedirect(t *testing.T) {
	for method, status := range map[string]int{"GET": 302, "POST": 303} {
		w := answered("*/*", method, func(c buffalo.Context) error { return web.Redirect(c, "rootPath()") })
		require.Equal(t, status, w.Code)
		require.Equal(t, "/", w.Header().Get("Location"))
		w = answered("*/*", method, func(c buffalo.Context) error { return web.RedirectTo(c, "/%s?a=rootPath()") })
		require.Equal(t, status, w.Code)
		require.Equal(t, "/%s?a=rootPath()", w.Header().Get("Location"))
	}
}

func TestWriteError(t *testing.T) {
	send := func(accept string, status int, pageErr error) *httptest.ResponseRecorder {
		w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept", accept)
		web.WriteError(w, r, status, "why", func(status int) ([]byte, error) { return []byte(http.StatusText(status) + "!"), pageErr })
		return w
	}
	w := send("text/html", 404, nil)
	require.Equal(t, 404, w.Code)
	require.Equal(t, "Not Found!", w.Body.String())
	require.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"))
	require.Empty(t, w.Header().Get("Retry-After"))
	require.Equal(t, 500, send("text/html", 200, nil).Code)
	require.Equal(t, "Not Found", send("text/html", 404, errors.New("broken")).Body.String())
	w = send("application/json", 503, nil)
	require.Equal(t, "5", w.Header().Get("Retry-After"))
	require.JSONEq(t, `{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"why"}`, w.Body.String())
}
