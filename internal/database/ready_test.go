package database_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/internal/database"
)

func TestReady(t *testing.T) {
	db := migrated(t)
	require.NoError(t, database.Ready(t.Context(), db, migrations))
	missing, unknown, err := database.CompareSchema(t.Context(), db, migrations)
	require.NoError(t, err)
	require.Empty(t, missing)
	require.Empty(t, unknown)
}

func TestReady_MissingMigration(t *testing.T) {
	const oldest = "20260101000000"
	db := migrated(t)
	exec(t, db, "DELETE FROM schema_migration WHERE version = ?", oldest)
	require.EqualError(t, database.Ready(t.Context(), db, migrations), "migrations are missing: "+oldest)
}

func TestReady_AllowsNewerDatabases(t *testing.T) {
	db := migrated(t)
	exec(t, db, "INSERT INTO schema_migration (version) VALUES ('29990101000000')")
	require.NoError(t, database.Ready(t.Context(), db, migrations))
	_, unknown, err := database.CompareSchema(t.Context(), db, migrations)
	require.NoError(t, err)
	require.Equal(t, []string{"29990101000000"}, unknown)
}

func TestReady_DatabaseDoesNotAnswer(t *testing.T) {
	db := migrated(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Error(t, database.Ready(ctx, db, migrations))
}

func TestClockSkew(t *testing.T) {
	db := open(t, databaseURL(t))
	skew := func(ahead time.Duration) time.Duration {
		skew, err := database.ClockSkew(t.Context(), db, func() time.Time { return time.Now().Add(ahead) })
		require.NoError(t, err)
		return skew
	}
	right := skew(0)
	require.InDelta(t, float64(right+time.Hour), float64(skew(time.Hour)), float64(time.Minute))
	require.InDelta(t, float64(right-time.Hour), float64(skew(-time.Hour)), float64(time.Minute))
}
