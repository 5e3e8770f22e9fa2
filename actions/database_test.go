package actions

import (
	"net/url"
	"testing"

	"github.com/gobuffalo/pop/v6"
	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/models"
	"corral/models/modelstest"
)

// closedDatabase returns a closed connection.
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

func TestDatabase_DownIs503(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	b.logIn("ada@example.com")
	open := models.DB
	models.DB = closedDatabase(t)
	t.Cleanup(func() { models.DB = open })
	for _, a := range []apptest.Answer{b.Get("/"), s.browser().logIn("ada@example.com")} {
		require.Equal(t, 503, a.StatusCode)
		require.NotEmpty(t, a.Header.Get("Retry-After"))
		require.Contains(t, a.Page, "Back in a moment")
	}
	require.Equal(t, 200, s.browser().Get("/welcome").StatusCode, "it needs no database")
	models.DB = open
	require.Equal(t, 200, b.Get("/").StatusCode)
}

func TestDatabase_PagesDoNotWaitForWriters(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	b.logIn("ada@example.com")
	b.Get("/")
	require.NoError(t, models.DB.Transaction(func(tx *pop.Connection) error {
		require.NoError(t, tx.RawQuery("UPDATE users SET language = 'de'").Exec())
		for _, path := range served("/", "/account", "/account/sessions", "/readyz") {
			require.Equal(t, 200, b.Get(path).StatusCode, path)
		}
		return nil
	}))
}

func TestDatabase_FailedAttemptsStayCounted(t *testing.T) {
	s := newSite(t)
	require.Equal(t, 422, s.browser().Post("/login", url.Values{"email": {"ada@example.com"}, "password": {"x"}}).StatusCode)
	n, err := models.DB.Count("rate_limits")
	require.NoError(t, err)
	require.NotZero(t, n)
}
