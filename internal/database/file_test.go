package database_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/database"
)

func TestReadiness_RemovedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "100% #1.sqlite")
	db := open(t, "sqlite3://"+path)
	require.NoError(t, database.Migrate(db, migrations))
	require.NoError(t, check(t, db))
	const gone = "was removed or replaced while the app runs, so what it writes is lost: to restore a backup, stop the app, put it in place, remove -wal and -shm (docs/deploy.md)"
	require.NoError(t, os.Rename(path, path+".old"))
	require.ErrorContains(t, check(t, db), path+" "+gone)
	require.NoError(t, os.WriteFile(path, nil, 0o600)) // replaced, as by a restore
	require.ErrorContains(t, check(t, db), gone)
	require.NoError(t, os.Rename(path+".old", path))
	require.NoError(t, check(t, db))
}
