//go:build !sqlite

package database

import (
	"database/sql"

	"modernc.org/sqlite"
)

// Pop looks for a driver named sqlite3. With -tags sqlite, it registers mattn's driver,
// in C, by that name; otherwise the name is free for this one, in Go.
func init() {
	sql.Register("sqlite3", &sqlite.Driver{})
}
