//go:build !sqlite

package database

import (
	"database/sql"

	"modernc.org/sqlite"
)

// Pop uses the driver name sqlite3, which it registers for mattn's driver with
// -tags sqlite.
func init() {
	sql.Register("sqlite3", &sqlite.Driver{})
}
