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
	ctx, cancel := context.WithCancel(ms.T().Context())
	cancel()
	ms.Error(models.Ready(ctx))
}

func (ms *ModelSuite) Test_Ready_MigrationMissing() {
	var oldest string
	ms.NoError(ms.DB.Store.Get(&oldest, "SELECT min(version) FROM schema_migration"))
	defer func() {
		ms.NoError(ms.DB.RawQuery("INSERT INTO schema_migration (version) VALUES (?)", oldest).Exec())
	}()
	ms.NoError(ms.DB.RawQuery("DELETE FROM schema_migration WHERE version = ?", oldest).Exec())
	ms.EqualError(models.Ready(ms.T().Context()), "migrations are missing: "+oldest)
}

func (ms *ModelSuite) Test_Ready_WrongClock() {
	for _, wrong := range []time.Duration{40 * time.Minute, -40 * time.Minute} {
		models.Clock.Move(wrong)
		ms.EqualError(models.Ready(ms.T().Context()), "the clocks of this machine and of the database are 40m0s apart: set both by NTP")
		models.DatabaseClock.Move(wrong)
		ms.NoError(models.Ready(ms.T().Context()))
	}
}

func TestConnectExisting_NoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "storage", "none.sqlite")
	err := models.ConnectExisting(config.Config{DatabaseURL: "sqlite3://" + path + "?x=y"})
	require.EqualError(t, err, "there is no database file "+path+": is this the right folder? Check DATABASE_URL, or create the file with `task db:migrate`")
	require.NoDirExists(t, filepath.Dir(path))
}
