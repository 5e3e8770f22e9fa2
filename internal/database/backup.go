package database

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/gobuffalo/pop/v6"
)

// ErrOwnTool is returned by Backup for PostgreSQL: use pg_dump.
var ErrOwnTool = errors.New("the database has a backup tool of its own")

// Backup copies a SQLite database that is in use to a new file, readable only by
// its owner. It never replaces a file.
func Backup(ctx context.Context, db *pop.Connection, path string) error {
	if db.Dialect.Name() == "postgres" {
		return ErrOwnTool
	}
	// SQLite would create it with the umask's mode.
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

// DumpCommand returns a shell command that copies a PostgreSQL database to a new
// file readable only by its owner.
func DumpCommand(databaseURL, path string) string {
	quoted := func(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
	return fmt.Sprintf("(umask 077 && pg_dump --format=custom --file=%s %s)", quoted(path), quoted(withoutPassword(databaseURL)))
}

// withoutPassword removes the password: every user of the machine can read the
// arguments of a command.
func withoutPassword(databaseURL string) string {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return "postgres://user@host/name"
	}
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	query := u.Query()
	query.Del("password")
	query.Del("sslpassword")
	u.RawQuery = query.Encode()
	return u.String()
}
