//go:build !sqlite

package ratelimit_test

import (
	"database/sql"

	"modernc.org/sqlite"
)

// Pop uses the driver name sqlite3, which with -tags sqlite it registers
// itself.
func init() { sql.Register("sqlite3", &sqlite.Driver{}) }
