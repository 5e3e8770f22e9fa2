package database

import (
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

// checkSameFile returns an error if the file of db was removed or replaced: open
// connections would still use the old one.
func checkSameFile(db *pop.Connection) error {
	opened, ok := openedFiles.Load(sqliteFile(db))
	if !ok {
		return nil // PostgreSQL
	}
	if found, err := os.Stat(sqliteFile(db)); err == nil && os.SameFile(opened.(fs.FileInfo), found) {
		return nil
	}
	return fmt.Errorf("the database file %s was removed or replaced while the app runs, so what it writes is lost: "+
		"stop the app, put the file back, start the app", sqliteFile(db))
}
