package actions_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gobuffalo/pop/v6"
	"github.com/stretchr/testify/require"

	"corral/models"
	"corral/models/modelstest"
)

// A SQLite file that is moved away is missed, and no empty one is put in its
// place; when it is back, people are signed in as before.
func TestOutage_SQLiteFileMoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "100%#1.sqlite")
	c := testConfig(t)
	usual := models.DB
	t.Cleanup(func() { models.DB.Close(); models.DB, pop.Connections[c.Env] = usual, usual })
	c.DatabaseURL = "sqlite3://" + path
	require.NoError(t, models.Connect(c))
	require.NoError(t, models.Migrate())
	require.FileExists(t, path)
	s := restart(t)
	modelstest.SignUp(t, "ada@example.com")
	ada := s.signedIn("ada@example.com", firefox)
	cookie := ada.cookie()

	away := path + ".away"
	modelstest.CloseIdle() // the last to close it takes the journal along
	require.NoError(t, os.Rename(path, away))
	for _, path := range []string{"/", "/account", "/login"} {
		a := ada.get(path)
		require.Equal(t, 503, a.StatusCode, path)
		require.Contains(t, a.page, "Back in a moment")
	}
	require.Equal(t, 503, s.browser().logIn("ada@example.com").StatusCode)
	require.Equal(t, 503, ada.get("/readyz").StatusCode)
	require.Equal(t, 200, ada.get("/healthz").StatusCode)
	require.Equal(t, cookie, ada.cookie())
	require.NoFileExists(t, path)

	require.NoError(t, os.Rename(away, path))
	require.Equal(t, 200, ada.get("/readyz").StatusCode)
	require.Equal(t, 200, ada.get("/").StatusCode)
	require.Equal(t, 303, s.browser().logIn("ada@example.com").StatusCode)
}
