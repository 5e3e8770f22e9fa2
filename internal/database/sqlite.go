//go:build !sqlite

package database

import (
	"database/sql"

	"modernc.org/sqlite"
)

// Pop opens SQLite by the driver name sqlite3. With -tags sqlite, pop itself
// registers mattn's driver under it.
func init() {
	sql.Register("sqlite3", &sqlite.Driver{})
}
