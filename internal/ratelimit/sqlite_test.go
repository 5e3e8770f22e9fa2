//go:build !sqlite

package ratelimit_test

import (
	"database/sql"

	"modernc.org/sqlite"
)

// Pop looks for a driver named sqlite3, which it registers itself with -tags sqlite.
func init() { sql.Register("sqlite3", &sqlite.Driver{}) }
