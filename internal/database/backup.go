package database

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gobuffalo/pop/v6"
)

// ErrOwnTool is returned by Backup for PostgreSQL, which has pg_dump.
var ErrOwnTool = errors.New("the database has a backup tool of its own")

// Backup copies a SQLite database that is in use to a new file, readable only
// by its owner. It never replaces a file. On PostgreSQL it returns ErrOwnTool.
func Backup(ctx context.Context, db *pop.Connection, path string) error {
	if db.Dialect.Name() == "postgres" {
		return ErrOwnTool
	}
	// SQLite would create it with the mode that the umask allows.
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("the backup cannot be written: %w", err)
	}
	file.Close()
	if path, err = filepath.Abs(path); err != nil { // SQLite takes file:x for a URI
		return fmt.Errorf("the backup cannot be written: %w", err)
	}
	if err := db.WithContext(ctx).RawQuery("VACUUM INTO ?", path).Exec(); err != nil {
		os.Remove(path)
		return fmt.Errorf("the backup cannot be written: %w", err)
	}
	return nil
}
