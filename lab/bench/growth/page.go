package growth

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"corral/actions"
	"corral/config"
)

// newPage returns a function that requests the home page as the n-th active user,
// without a socket.
func newPage(c config.Config, size int) func(n int) error {
	logger := slog.New(slog.DiscardHandler)
	app := actions.App(c, logger)
	handler := actions.Handler(app, c, logger, nil)
	var requests [active]*http.Request
	for n := range requests {
		r := httptest.NewRequest("GET", c.Host.String()+"/", nil)
		r.RemoteAddr = "127.0.0.1:1"
		r.Header.Set("X-Forwarded-Proto", "https")
		session, _ := app.SessionStore.New(r, app.SessionName)
		session.Values["token"] = rawToken(n, size)
		w := httptest.NewRecorder()
		if err := app.SessionStore.Save(r, w, session); err != nil {
			panic(err) // unreachable: key and value are valid
		}
		r.Header.Set("Cookie", w.Result().Cookies()[0].String())
		requests[n] = r
	}
	return func(n int) error {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, requests[n].Clone(requests[n].Context()))
		if w.Code != http.StatusOK {
			return fmt.Errorf("GET / is answered with %d", w.Code)
		}
		return nil
	}
}
