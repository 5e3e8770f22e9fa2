//go:build !sqlite

package database

import (
	"database/sql"

	"modernc.org/sqlite"
)

// Pop looks for a driver named sqlite3. With -tags sqlite, pop registers mattn's driver,
// which is in C, by that name. Otherwise this file registers modernc's, which is in Go.
func init() {
	sql.Register("sqlite3", &sqlite.Driver{})
}
