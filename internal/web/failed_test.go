package web

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gobuffalo/buffalo"
	"github.com/stretchr/testify/require"
)

var errDown = errors.New("the database is down")

// failingApp returns an app whose handlers return fault. Its error handler calls Failed.
func failingApp(fault error) *buffalo.App {
	app := buffalo.New(buffalo.Options{Env: "test"})
	app.ErrorHandlers.Default(func(status int, err error, c buffalo.Context) error {
		status, detail := Failed(c, status, err, func(err error) bool { return errors.Is(err, errDown) }, app.Muxer())
		c.Response().WriteHeader(status)
		c.Response().Write([]byte(detail))
		return nil
	})
	app.ErrorHandlers[http.StatusInternalServerError] = app.ErrorHandlers[0]
	app.ErrorHandlers[http.StatusMethodNotAllowed] = app.ErrorHandlers[0]
	app.GET("/", func(c buffalo.Context) error { return fault })
	app.DELETE("/", func(c buffalo.Context) error { return c.Error(http.StatusTeapot, fault) })
	return app
}

func TestFailed_Status(t *testing.T) {
	for fault, want := range map[error]int{errDown: 503, errors.New("a fault"): 500, &http.MaxBytesError{Limit: 1}: 413} {
		res := httptest.NewRecorder()
		failingApp(fault).ServeHTTP(res, httptest.NewRequest("GET", "/", nil))
		require.Equal(t, want, res.Code, "%v", fault)
		require.Empty(t, res.Body.String(), "no handler gave c.Error a text")
	}
	res := httptest.NewRecorder()
	failingApp(errDown).ServeHTTP(res, httptest.NewRequest("DELETE", "/", nil))
	require.Equal(t, http.StatusTeapot, res.Code, "the handler's own status stays")
	require.Equal(t, errDown.Error(), res.Body.String())
}

func TestFailed_Allow(t *testing.T) {
	res := httptest.NewRecorder()
	failingApp(nil).ServeHTTP(res, httptest.NewRequest("PUT", "/", nil))
	require.Equal(t, http.StatusMethodNotAllowed, res.Code)
	require.Equal(t, "GET, HEAD, DELETE", res.Header().Get("Allow"))
}
