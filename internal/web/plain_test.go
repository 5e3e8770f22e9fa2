package web

import (
	"net/http/httptest"
	"testing"

	"github.com/gobuffalo/buffalo"
	"github.com/stretchr/testify/require"
)

func TestAnswerPlain(t *testing.T) {
	app := buffalo.New(buffalo.Options{Env: "test"})
	status := 200
	show := func(c buffalo.Context) error { return AnswerPlain(c, status, "ok") }
	app.GET("/", show)
	app.OPTIONS("/", show)
	answer := func(method string) *httptest.ResponseRecorder {
		res := httptest.NewRecorder()
		app.ServeHTTP(res, httptest.NewRequest(method, "/", nil))
		return res
	}
	get := answer("GET")
	require.Equal(t, 200, get.Code)
	require.Equal(t, "ok\n", get.Body.String())
	require.Equal(t, "text/plain; charset=utf-8", get.Header().Get("Content-Type"))
	require.Equal(t, 204, answer("OPTIONS").Code)
	status = 503
	require.Equal(t, 503, answer("OPTIONS").Code)
}

func TestAnswerAs(t *testing.T) {
	app := buffalo.New(buffalo.Options{Env: "test"})
	app.GET("/", func(c buffalo.Context) error { return AnswerAs(c, "image/svg+xml", []byte("<svg/>")) })
	res := httptest.NewRecorder()
	app.ServeHTTP(res, httptest.NewRequest("GET", "/", nil))
	require.Equal(t, "<svg/>", res.Body.String())
	require.Equal(t, "image/svg+xml", res.Header().Get("Content-Type"))
}
