//go:build unix

package database_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/database"
)

func TestBackup(t *testing.T) {
	db := open(t, newDatabase(t, ""))
	require.NoError(t, database.Migrate(db, migrations))
	exec(t, db, "INSERT INTO notes (id, text) VALUES (1, 'kept')")
	path := filepath.Join(t.TempDir(), "it's a copy.sqlite")
	umask := syscall.Umask(0) // makes new files readable by others
	require.NoError(t, database.Backup(t.Context(), db, "", path))
	syscall.Umask(umask)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	exec(t, db, "DELETE FROM notes")
	require.Equal(t, []string{"kept"}, notes(t, open(t, "sqlite3://"+path)))
}
