package models

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Unavailable says whether an error is the database being away or too busy, so
// that trying again later may help, rather than a fault in what was asked.
func Unavailable(err error) bool {
	var network net.Error
	var postgres *pgconn.PgError
	switch {
	case errors.Is(err, ErrBusy), errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.As(err, &network),
		errors.Is(err, io.ErrUnexpectedEOF), pgconn.SafeToRetry(err): // a PostgreSQL that crashed says no goodbye
		return true
	case errors.As(err, &postgres):
		class := postgres.Code[:min(2, len(postgres.Code))]
		// 08 connection, 25 read-only, 40 deadlock, 53 resources, 55 lock, 57 shutdown, 58 disk.
		return strings.Contains("08 25 40 53 55 57 58", class)
	}
	return isSQLiteUnavailable(err)
}

// isDuplicate says whether PostgreSQL refused a row that there may be only one
// of. On SQLite, whose writers take turns, looking before writing is enough.
func isDuplicate(err error) bool {
	var postgres *pgconn.PgError
	return errors.As(err, &postgres) && postgres.Code == "23505" // unique_violation
}

// isSQLiteUnavailable goes by the text: the two drivers share no error type.
func isSQLiteUnavailable(err error) bool {
	if err == nil {
		return false
	}
	for _, text := range []string{"database is locked", "unable to open database", "disk I/O error", "database or disk is full", "readonly database", "sql: database is closed"} {
		if strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}
