//go:build !sqlite

package database

import (
	"database/sql"

	"modernc.org/sqlite"
)

// Pop uses the driver name sqlite3, which with -tags sqlite it registers itself
// for mattn's driver.
func init() {
	sql.Register("sqlite3", &sqlite.Driver{})
}
