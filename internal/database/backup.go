package database

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gobuffalo/pop/v6"
)

// ErrOwnTool is returned by Backup for a database that has a tool of its own,
// such as pg_dump.
var ErrOwnTool = errors.New("the database has a backup tool of its own")

// Backup writes a SQLite database into a new file, readable by its owner only,
// while the app goes on using it. It never replaces a file. On PostgreSQL it
// returns ErrOwnTool.
func Backup(ctx context.Context, db *pop.Connection, path string) error {
	if db.Dialect.Name() == "postgres" {
		return ErrOwnTool
	}
	// Created here and not by SQLite, which would leave its mode to the umask.
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("the backup cannot be written: %w", err)
	}
	file.Close()
	if path, err = filepath.Abs(path); err != nil { // SQLite takes a name like file:x for a URI
		return fmt.Errorf("the backup cannot be written: %w", err)
	}
	if err := db.WithContext(ctx).RawQuery("VACUUM INTO ?", path).Exec(); err != nil {
		os.Remove(path)
		return fmt.Errorf("the backup cannot be written: %w", err)
	}
	return nil
}
