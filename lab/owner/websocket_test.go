package owner_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/coder/websocket"
	"github.com/gobuffalo/buffalo"
	gorilla "github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"corral/internal/web"
)

// Both WebSocket libraries can hijack the connection behind all handlers and middleware.
func TestWebSocket_BothLibraries(t *testing.T) {
	app := buffalo.New(buffalo.Options{Env: "test", Logger: web.BuffaloLogger(slog.New(slog.DiscardHandler)), MethodOverride: web.MethodOverride})
	app.Middleware.Replace(buffalo.RequestLogger, web.RequestLogger)
	app.Middleware.Replace(app.PanicHandler, web.PanicHandler(app))
	app.GET("/coder", func(c buffalo.Context) error {
		conn, err := websocket.Accept(c.Response(), c.Request(), nil)
		if err != nil {
			return nil
		}
		kind, message, err := conn.Read(c)
		if err == nil {
			err = conn.Write(c, kind, message)
		}
		return err
	})
	app.GET("/gorilla", func(c buffalo.Context) error {
		conn, err := (&gorilla.Upgrader{}).Upgrade(c.Response(), c.Request(), nil)
		if err != nil {
			return nil
		}
		defer conn.Close()
		kind, message, err := conn.ReadMessage()
		if err == nil {
			err = conn.WriteMessage(kind, message)
		}
		return err
	})
	assets, err := web.LoadAssets(fstest.MapFS{}, false)
	require.NoError(t, err)
	publicURL, err := url.Parse("http://localhost")
	require.NoError(t, err)
	s := httptest.NewServer(web.New(app, web.Options{PublicURL: publicURL, LoopbackNames: true, Assets: assets, Logger: slog.New(slog.DiscardHandler),
		ErrorPage: func(w http.ResponseWriter, _ *http.Request, status int) { w.WriteHeader(status) }}))
	defer s.Close()
	for _, library := range []string{"/coder", "/gorilla"} {
		conn, _, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(s.URL, "http")+library, nil)
		require.NoError(t, err, library)
		require.NoError(t, conn.Write(t.Context(), websocket.MessageText, []byte("hello")))
		_, message, err := conn.Read(t.Context())
		require.NoError(t, err, library)
		require.Equal(t, "hello", string(message))
		conn.CloseNow()
	}
}
