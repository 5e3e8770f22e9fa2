package models

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"corral/config"
)

// ErrOwnTool says that the database brings a tool of its own for the task.
var ErrOwnTool = errors.New("the database has a tool of its own")

// ConnectExisting is Connect, but it makes no file: who looks in the wrong
// folder is told, instead of being shown an empty database.
func ConnectExisting(c config.Config) error {
	if path, isSQLite := sqlitePath(c.DatabaseURL); isSQLite {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("there is no database file %s: is this the right folder?", path)
		}
	}
	return Connect(c)
}

// Backup writes the database into a new file that only its owner reads, while
// others go on using it. It never replaces a file. On PostgreSQL it returns
// ErrOwnTool.
func Backup(ctx context.Context, path string) error {
	if DB.Dialect.Name() == "postgres" {
		return ErrOwnTool
	}
	// Made here and not by SQLite, which would leave it to the umask who may read it.
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("the backup cannot be written: %w", err)
	}
	file.Close()
	if path, err = filepath.Abs(path); err != nil { // a name like file:x is no path to SQLite
		return fmt.Errorf("the backup cannot be written: %w", err)
	}
	if err := DB.WithContext(ctx).RawQuery("VACUUM INTO ?", path).Exec(); err != nil {
		os.Remove(path)
		return fmt.Errorf("the backup cannot be written: %w", err)
	}
	return nil
}
