//go:build !sqlite

package models

import (
	"database/sql"

	"modernc.org/sqlite"
)

// Pop asks for a driver by the name sqlite3. This one is written in Go, so the
// app needs no C compiler. Built with -tags sqlite, as the Buffalo CLI does,
// pop brings mattn's driver by the same name.
func init() {
	sql.Register("sqlite3", &sqlite.Driver{})
}
