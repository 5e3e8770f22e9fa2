//go:build !sqlite

package ratelimit_test

import (
	"database/sql"

	"modernc.org/sqlite"
)

// Pop asks for a driver by the name sqlite3. With -tags sqlite it brings one.
func init() { sql.Register("sqlite3", &sqlite.Driver{}) }
