package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gobuffalo/buffalo"
	"github.com/stretchr/testify/require"
)

// failingApp returns an app whose handlers return fault. Its error handler calls Failed.
func failingApp(fault error) *buffalo.App {
	app := buffalo.New(buffalo.Options{Env: "test"})
	app.ErrorHandlers.Default(func(status int, err error, c buffalo.Context) error {
		detail := Failed(c, status, err, app.Muxer())
		c.Response().WriteHeader(max(status, 400))
		c.Response().Write([]byte(detail))
		return nil
	})
	app.ErrorHandlers[http.StatusInternalServerError] = app.ErrorHandlers[0]
	app.ErrorHandlers[http.StatusMethodNotAllowed] = app.ErrorHandlers[0]
	app.GET("/", func(c buffalo.Context) error { return fault })
	app.DELETE("/", func(c buffalo.Context) error { return c.Error(http.StatusTeapot, fault) })
	return app
}

func TestFailed_DetailIsTheTextOfTheHandler(t *testing.T) {
	for method, want := range map[string]string{"GET": "", "DELETE": "a fault"} {
		res := httptest.NewRecorder()
		failingApp(errors.New("a fault")).ServeHTTP(res, httptest.NewRequest(method, "/", nil))
		require.Equal(t, want, res.Body.String(), method)
	}
}

// No handler gave c.Error the text of an error about a body that is too large.
func TestFailed_NoDetailOfABodyTooLarge(t *testing.T) {
	res := httptest.NewRecorder()
	failingApp(fmt.Errorf("importing: %w", &http.MaxBytesError{Limit: 1})).ServeHTTP(res, httptest.NewRequest("DELETE", "/", nil))
	require.Empty(t, res.Body.String())
}

func TestFailed_DetailOfWithDetail(t *testing.T) {
	for detail, fault := range map[string]error{"not found": WithDetail(errors.New("payroll of Ada"), "not found"), "": WithDetail(errors.New("payroll of Ada"), "")} {
		res := httptest.NewRecorder()
		failingApp(fault).ServeHTTP(res, httptest.NewRequest("DELETE", "/", nil))
		require.Equal(t, detail, res.Body.String())
	}
}

// WriteError answers 500 to a status that is no error.
func TestFailed_StatusBelow400IsAnErrorOfTheServer(t *testing.T) {
	for _, status := range []int{0, 200, 302} {
		log := new(buffer)
		app := failingApp(nil)
		app.POST("/", func(c buffalo.Context) error { return c.Error(status, errors.New("kept from the client")) })
		_, answer := send(t, serve(t, app, logTo(log)), "POST", "/", "")
		require.Empty(t, answer)
		require.Equal(t, "kept from the client", log.wait(t, 2)[0]["error"], status)
	}
}

// The error of a body that cannot be read may have the IPs of the connection.
func TestReadBody_RefusalIsAnEventWithoutTheCause(t *testing.T) {
	log := new(buffer)
	app := failingApp(nil)
	app.Use(ReadBody)
	app.POST("/", func(c buffalo.Context) error { return Bind(c, &struct{ N int }{}) })
	s := serve(t, app, logTo(log))
	for n, kind := range []string{"multipart/form-data; boundary=x", "application/json"} {
		res, answer := send(t, s, "POST", "/", "nonsense", "Content-Type", kind)
		require.Equal(t, http.StatusBadRequest, res.StatusCode)
		require.Equal(t, unreadable{}.Error(), answer, kind)
		require.Equal(t, "body refused", log.wait(t, n+1)[n]["event"], kind)
	}
}

func TestFailed_Allow(t *testing.T) {
	res := httptest.NewRecorder()
	failingApp(nil).ServeHTTP(res, httptest.NewRequest("PUT", "/", nil))
	require.Equal(t, http.StatusMethodNotAllowed, res.Code)
	require.Equal(t, "GET, HEAD, DELETE", res.Header().Get("Allow"))
}
