package models_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/models"
)

func (ms *ModelSuite) Test_Ready() {
	ms.NoError(models.Ready(ms.T().Context()))
	missing, unknown, err := models.CompareSchema(ms.T().Context())
	ms.NoError(err)
	ms.Empty(missing)
	ms.Empty(unknown)
}

func (ms *ModelSuite) Test_Ready_MigrationMissing() {
	const oldest = "20261122090000"
	defer func() {
		ms.NoError(ms.DB.RawQuery("INSERT INTO schema_migration (version) VALUES (?)", oldest).Exec())
	}()
	ms.NoError(ms.DB.RawQuery("DELETE FROM schema_migration WHERE version = ?", oldest).Exec())
	ms.EqualError(models.Ready(ms.T().Context()), "migrations are missing: "+oldest)
}

// The old nodes of a rolling update go on while the first new one has migrated.
func (ms *ModelSuite) Test_Ready_NewerDatabase() {
	defer func() {
		ms.NoError(ms.DB.RawQuery("DELETE FROM schema_migration WHERE version = '29990101000000'").Exec())
	}()
	ms.NoError(ms.DB.RawQuery("INSERT INTO schema_migration (version) VALUES ('29990101000000')").Exec())
	ms.NoError(models.Ready(ms.T().Context()))
	_, unknown, err := models.CompareSchema(ms.T().Context())
	ms.NoError(err)
	ms.Equal([]string{"29990101000000"}, unknown)
}

func (ms *ModelSuite) Test_Ready_NoAnswer() {
	ctx, cancel := context.WithCancel(ms.T().Context())
	cancel()
	ms.Error(models.Ready(ctx))
}

func (ms *ModelSuite) Test_ClockSkew() {
	skew := func() time.Duration {
		skew, err := models.ClockSkew(ms.T().Context())
		ms.NoError(err)
		return skew
	}
	right := skew()
	models.Clock.Move(time.Hour)
	ms.InDelta(float64(right+time.Hour), float64(skew()), float64(time.Minute))
	models.Clock.Reset()
	models.Clock.Move(-time.Hour)
	ms.InDelta(float64(right-time.Hour), float64(skew()), float64(time.Minute))
}

// A folder that is the wrong one stays as it is.
func TestConnectExisting_NoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "storage", "none.sqlite")
	err := models.ConnectExisting(config.Config{DatabaseURL: "sqlite3://" + path + "?x=y"})
	require.EqualError(t, err, "there is no database file "+path+": is this the right folder?")
	require.NoDirExists(t, filepath.Dir(path))
}
