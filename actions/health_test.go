package actions

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/models"
	"corral/models/modelstest"
)

func (as *ActionSuite) Test_Health_Show() {
	for _, path := range []string{"/healthz", "/readyz"} {
		res := as.HTML("%s", path).Get()
		as.Equal(200, res.Code)
		as.Equal("ok\n", res.Body.String())
		as.Equal("text/plain; charset=utf-8", res.Header().Get("Content-Type"))
	}
}

func withoutDatabase(t *testing.T, fn func()) {
	t.Helper()
	working := models.DB
	defer func() { models.DB = working }()
	models.DB = closedDatabase(t)
	fn()
}

func TestHealth_NeedsNoSession(t *testing.T) {
	for _, start := range []func(testing.TB, ...func(*config.Config)) *site{newSite, newProductionSite} {
		s := start(t)
		modelstest.SignUp(t, "ada@example.com")
		anonymous, loggedIn := s.browser(), s.loggedIn("ada@example.com", firefox)
		for _, b := range []*browser{anonymous, loggedIn} {
			for _, path := range []string{"/healthz", "/readyz"} {
				a := b.Get(path)
				require.Equal(t, 200, a.StatusCode)
				require.Equal(t, "ok\n", a.Page)
				require.Empty(t, a.Cookies())
				require.NotEmpty(t, a.Header.Get("Content-Security-Policy"))
				require.Equal(t, "nosniff", a.Header.Get("X-Content-Type-Options"))
				require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
				require.Equal(t, 200, b.Send("HEAD", path, nil).StatusCode)
				a = b.Send("DELETE", path, nil)
				require.Equal(t, 405, a.StatusCode)
				require.Equal(t, "GET, HEAD, OPTIONS", a.Header.Get("Allow"))
			}
		}
	}
}

// HAProxy's check sends HTTP/1.0 without a Host.
func TestHealth_Options(t *testing.T) {
	s := behindProxy(t)
	ask := func(path string) string {
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		require.NoError(t, err)
		defer conn.Close()
		fmt.Fprintf(conn, "OPTIONS %s HTTP/1.0\r\n\r\n", path)
		answer, err := io.ReadAll(conn)
		require.NoError(t, err)
		head, body, _ := strings.Cut(string(answer), "\r\n\r\n")
		status, _, _ := strings.Cut(head, "\r\n")
		if strings.Contains(status, "204") {
			require.Empty(t, body)
		}
		return status
	}
	for _, path := range []string{"/healthz", "/readyz", "/readyz/"} {
		require.Equal(t, "HTTP/1.0 204 No Content", ask(path))
		require.Equal(t, 204, s.raw("OPTIONS "+path+" HTTP/1.1\r\nHost: 10.0.0.1\r\n\r\n").StatusCode)
	}
	withoutDatabase(t, func() {
		require.Equal(t, "HTTP/1.0 204 No Content", ask("/healthz"))
		require.Equal(t, "HTTP/1.0 503 Service Unavailable", ask("/readyz"))
	})
	require.Equal(t, 405, s.browser().Send("OPTIONS", "/login", nil).StatusCode)
}

// Sessions survive the outage.
func TestHealth_DatabaseDownIsAliveButNotReady(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	anonymous, loggedIn := s.browser(), s.loggedIn("ada@example.com", firefox)
	withoutDatabase(t, func() {
		for _, b := range []*browser{anonymous, loggedIn} {
			require.Equal(t, 200, b.Get("/healthz").StatusCode)
			a := b.Get("/readyz")
			require.Equal(t, 503, a.StatusCode)
			require.Equal(t, "unavailable\n", a.Page, "the reason is in the log only")
			require.Equal(t, "text/plain; charset=utf-8", a.Header.Get("Content-Type"))
			require.NotEmpty(t, a.Header.Get("Content-Security-Policy"))
			require.Empty(t, a.Cookies())
		}
		for _, path := range served("/", "/account/sessions") {
			require.Equal(t, 503, loggedIn.Get(path).StatusCode, "%s must not log the user out", path)
		}
	})
	require.Equal(t, 200, anonymous.Get("/readyz").StatusCode)
	require.Equal(t, 200, loggedIn.Get("/").StatusCode)
}

func TestHealth_MigrationMissing(t *testing.T) {
	b := newSite(t).browser()
	var oldest string
	require.NoError(t, models.DB.Store.Get(&oldest, "SELECT MIN(version) FROM schema_migration"))
	require.NoError(t, models.DB.RawQuery("DELETE FROM schema_migration WHERE version = ?", oldest).Exec())
	defer func() {
		require.NoError(t, models.DB.RawQuery("INSERT INTO schema_migration (version) VALUES (?)", oldest).Exec())
	}()
	a := b.Get("/readyz")
	require.Equal(t, 503, a.StatusCode)
	require.NotContains(t, a.Page, oldest)
	require.Equal(t, 200, b.Get("/healthz").StatusCode)
}
