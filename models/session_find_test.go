package models_test

import (
	"os"
	"testing"

	"github.com/gobuffalo/pop/v6"
	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/internal/apptest"
	"corral/models"
	"corral/models/modelstest"
)

// FindSession prepares its query once for each database. Connect may replace models.DB.
func TestFindSession_FollowsTheDatabase(t *testing.T) {
	modelstest.Empty(t)
	ada := modelstest.SignUp(t, "ada@example.com")
	s, err := models.StartSession(t.Context(), ada, models.Client{}, models.Session{})
	require.NoError(t, err)
	found, err := models.FindSession(t.Context(), s.RawSessionToken, models.Client{})
	require.NoError(t, err)
	require.Equal(t, ada.ID, found.UserID)

	before := models.DB
	for range 2 { // there and back, twice
		connectToAnotherDatabase(t)
		_, err = models.FindSession(t.Context(), s.RawSessionToken, models.Client{})
		require.ErrorIs(t, err, models.ErrNotFound)
		require.NoError(t, models.DB.Store.Close())
		_, err = models.FindSession(t.Context(), s.RawSessionToken, models.Client{})
		require.True(t, models.Unavailable(err), "%v", err)
		models.DB = before
		_, err = models.FindSession(t.Context(), s.RawSessionToken, models.Client{})
		require.NoError(t, err)
	}
}

func connectToAnotherDatabase(t *testing.T) {
	t.Helper()
	url, drop, err := apptest.NewDatabase(os.Getenv("TEST_DATABASE_URL"))
	require.NoError(t, err)
	before, env := models.DB, modelstest.Config().Env
	t.Cleanup(func() {
		models.DB, pop.Connections[env] = before, before
		drop()
	})
	require.NoError(t, models.Connect(modelstest.Config(func(c *config.Config) { c.DatabaseURL = url })))
	require.NoError(t, models.Migrate())
}
