package actions_test

import (
	"testing"

	"github.com/stretchr/testify/require"

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

// withoutDatabase lets fn run while the database does not answer.
func withoutDatabase(t *testing.T, fn func()) {
	t.Helper()
	working := models.DB
	defer func() { models.DB = working }()
	models.DB = closedDatabase(t)
	fn()
}

// Whoever asks gets an answer, and it costs neither a session nor a cookie.
func TestHealth_AsksForNoSession(t *testing.T) {
	for _, s := range []*site{newSite(t), newProductionSite(t)} {
		modelstest.Empty(t)
		modelstest.SignUp(t, "ada@example.com")
		visitor, signedIn := s.browser(), s.signedIn("ada@example.com", firefox)
		for _, b := range []*browser{visitor, signedIn} {
			for _, path := range []string{"/healthz", "/readyz"} {
				a := b.get(path)
				require.Equal(t, 200, a.StatusCode)
				require.Equal(t, "ok\n", a.page)
				require.Empty(t, a.Cookies())
				require.NotEmpty(t, a.Header.Get("Content-Security-Policy"))
				require.Equal(t, "nosniff", a.Header.Get("X-Content-Type-Options"))
				require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
				require.Equal(t, 200, b.send("HEAD", path, nil).StatusCode)
				require.Equal(t, 405, b.send("DELETE", path, nil).StatusCode)
			}
		}
	}
}

// Out of rotation while the database is away, but no reason for a restart; and
// nobody has to do anything when it is back.
func TestHealth_DatabaseAway(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	visitor, signedIn := s.browser(), s.signedIn("ada@example.com", firefox)
	withoutDatabase(t, func() {
		for _, b := range []*browser{visitor, signedIn} {
			require.Equal(t, 200, b.get("/healthz").StatusCode)
			a := b.get("/readyz")
			require.Equal(t, 503, a.StatusCode)
			require.Equal(t, "unavailable\n", a.page, "and not why")
			require.Equal(t, "text/plain; charset=utf-8", a.Header.Get("Content-Type"))
			require.NotEmpty(t, a.Header.Get("Content-Security-Policy"))
			require.Empty(t, a.Cookies())
		}
		require.Equal(t, 503, signedIn.get("/").StatusCode, "never signed in, never signed out")
		require.Equal(t, 503, signedIn.get("/account/sessions").StatusCode)
	})
	require.Equal(t, 200, visitor.get("/readyz").StatusCode)
	require.Equal(t, 200, signedIn.get("/").StatusCode)
}

func TestHealth_MigrationMissing(t *testing.T) {
	b := newSite(t).browser()
	const oldest = "20261122090000"
	require.NoError(t, models.DB.RawQuery("DELETE FROM schema_migration WHERE version = ?", oldest).Exec())
	defer func() {
		require.NoError(t, models.DB.RawQuery("INSERT INTO schema_migration (version) VALUES (?)", oldest).Exec())
	}()
	a := b.get("/readyz")
	require.Equal(t, 503, a.StatusCode)
	require.NotContains(t, a.page, oldest)
	require.Equal(t, 200, b.get("/healthz").StatusCode)
}
