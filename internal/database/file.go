package database

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/gobuffalo/pop/v6"
)

// openedFiles holds what Open opened, by path: fs.FileInfo.
var openedFiles sync.Map

func noteFile(db *pop.Connection) {
	if info, err := os.Stat(sqliteFile(db)); err == nil && db.Dialect.Name() != "postgres" {
		openedFiles.Store(sqliteFile(db), info)
	}
}

// errRemoved means that what is written is lost.
var errRemoved = errors.New("was removed or replaced while the app runs, so what it writes is lost: stop the app, put the file back, start the app")

// CheckFile returns an error, which is Unavailable, if the file of db was removed or
// replaced: open connections would still use the old one.
func CheckFile(db *pop.Connection) error {
	opened, ok := openedFiles.Load(sqliteFile(db))
	if !ok {
		return nil // PostgreSQL
	}
	if found, err := os.Stat(sqliteFile(db)); err == nil && os.SameFile(opened.(fs.FileInfo), found) {
		return nil
	}
	return fmt.Errorf("the database file %s %w", sqliteFile(db), errRemoved)
}
