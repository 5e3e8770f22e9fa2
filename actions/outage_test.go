package actions

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gobuffalo/pop/v6"
	"github.com/stretchr/testify/require"

	"corral/models"
	"corral/models/modelstest"
)

// SQLite must not create an empty file in place of a file that was moved away.
func TestOutage_MovedSQLiteFileIs503(t *testing.T) {
	path := filepath.Join(t.TempDir(), "100%#1.sqlite")
	c := modelstest.Config()
	usual := models.DB
	t.Cleanup(func() { models.DB.Close(); models.DB, pop.Connections[c.Env] = usual, usual })
	c.DatabaseURL = "sqlite3://" + path
	require.NoError(t, models.Connect(c))
	require.NoError(t, models.Migrate())
	require.FileExists(t, path)
	s := restart(t)
	modelstest.SignUp(t, "ada@example.com")
	ada := s.loggedIn("ada@example.com", firefox)
	cookie := ada.sessionCookie()

	moved := path + ".away"
	models.DB.Store.(interface{ SetMaxIdleConns(int) }).SetMaxIdleConns(0) // closes the connections, the last of which removes the journal
	require.NoError(t, os.Rename(path, moved))
	for _, path := range []string{"/", "/account", "/login"} {
		a := ada.Get(path)
		require.Equal(t, 503, a.StatusCode, path)
		require.Contains(t, a.Page, "Back in a moment")
	}
	require.Equal(t, 503, s.browser().logIn("ada@example.com").StatusCode)
	require.Equal(t, 503, ada.Get("/readyz").StatusCode)
	require.Equal(t, 200, ada.Get("/healthz").StatusCode)
	require.Equal(t, cookie, ada.sessionCookie())
	require.NoFileExists(t, path)

	require.NoError(t, os.Rename(moved, path))
	require.Equal(t, 200, ada.Get("/readyz").StatusCode)
	require.Equal(t, 200, ada.Get("/").StatusCode)
	require.Equal(t, 303, s.browser().logIn("ada@example.com").StatusCode)
}
