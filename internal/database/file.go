package database

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/gobuffalo/pop/v6"
)

// openedFiles maps the path of each SQLite file to its fs.FileInfo at Open.
var openedFiles sync.Map

func rememberFile(db *pop.Connection) {
	if info, err := os.Stat(sqliteFile(db)); err == nil && db.Dialect.Name() != "postgres" {
		openedFiles.Store(sqliteFile(db), info)
	}
}

// errRemoved completes a sentence that begins with the name of the file.
var errRemoved = errors.New("was removed or replaced while the app runs, so what it writes is lost: to restore a backup, stop the app, put it in place, remove -wal and -shm (docs/deploy.md)")

// checkNotReplaced returns an error if the SQLite file of db was removed or replaced since
// Open: open connections still write to the removed file. Unavailable reports true for
// this error.
func checkNotReplaced(db *pop.Connection) error {
	opened, ok := openedFiles.Load(sqliteFile(db))
	if !ok {
		return nil // PostgreSQL
	}
	if found, err := os.Stat(sqliteFile(db)); err == nil && os.SameFile(opened.(fs.FileInfo), found) {
		return nil
	}
	return fmt.Errorf("the database file %s %w", sqliteFile(db), errRemoved)
}
