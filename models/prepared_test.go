package models_test

import (
	"testing"

	"github.com/gobuffalo/pop/v6"
	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/models"
	"corral/models/modelstest"
)

// A statement that was prepared on one database is never asked of another.
func TestFindSession_AfterConnectingElsewhere(t *testing.T) {
	modelstest.Empty(t)
	ada := modelstest.SignUp(t, "ada@example.com")
	signedIn, err := models.StartSession(t.Context(), ada, models.Origin{}, false)
	require.NoError(t, err)
	rawToken := signedIn.RawToken
	found, err := models.FindSession(t.Context(), rawToken)
	require.NoError(t, err)
	require.Equal(t, ada.ID, found.UserID)

	before := models.DB
	for range 2 {
		elsewhere(t)
		_, err = models.FindSession(t.Context(), rawToken)
		require.ErrorIs(t, err, models.ErrNotFound)
		require.NoError(t, models.DB.Close())
		_, err = models.FindSession(t.Context(), rawToken)
		require.True(t, models.Unavailable(err), "%v", err)
		models.DB = before
		_, err = models.FindSession(t.Context(), rawToken)
		require.NoError(t, err)
	}
}

// elsewhere connects to a new database, and back at the end.
func elsewhere(t *testing.T) {
	c, err := config.Current()
	require.NoError(t, err)
	url, drop, err := modelstest.NewDatabase(c.DatabaseURL)
	require.NoError(t, err)
	before := models.DB
	t.Cleanup(func() {
		models.DB = before
		pop.Connections[c.Env] = before
		drop()
	})
	c.DatabaseURL = url
	require.NoError(t, models.Connect(c))
	require.NoError(t, models.Migrate())
}
