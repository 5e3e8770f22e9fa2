package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
)

// Unavailable reports whether the database is unreachable or too busy, so that a
// later request may succeed. It is false for errors of os.Open, http.Client and
// net.Dial.
func Unavailable(err error) bool {
	var httpClient *url.Error
	var connect *pgconn.ConnectError
	var network *net.OpError
	var postgres *pgconn.PgError
	switch {
	case errors.As(err, &httpClient):
		return false
	case errors.Is(err, errRemoved), errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone),
		errors.Is(err, sql.ErrTxDone), // the context of a transaction ended between two statements
		errors.As(err, &connect), pgconn.SafeToRetry(err),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled),
		errors.Is(err, io.ErrUnexpectedEOF): // PostgreSQL crashed while answering
		return true
	case errors.As(err, &network):
		return network.Op != "dial"
	case isStale(err):
		return true
	case errors.As(err, &postgres):
		// SQLSTATE classes: connection, read-only, login (password rotated, role
		// locked), no such database, deadlock, resources, lock, shutdown, disk.
		// If the connection of a pooler fails, the pooler answers with the code of that error.
		return slices.Contains([]string{"08", "25", "28", "3D", "40", "53", "55", "57", "58"}, postgres.Code[:min(2, len(postgres.Code))])
	}
	return sqliteSays(err, "database is locked", "unable to open database", "disk I/O error",
		"database or disk is full", "readonly database", "sql: database is closed")
}

// remedy returns the end of an error message that says what to do about err, or "".
func remedy(err error) string {
	var connect *pgconn.ConnectError
	var postgres *pgconn.PgError
	switch {
	case sqliteSays(err, "malformed"):
		return ": the file is damaged, restore a backup and remove the old -wal and -shm files"
	case sqliteSays(err, "file is not a database"):
		return ": check DATABASE_URL, or restore a backup"
	case sqliteSays(err, "database or disk is full"), errors.As(err, &postgres) && postgres.Code == "53100":
		return ": free space"
	case sqliteSays(err, "disk I/O error"): // also a file of shared memory that does not fit on a full disk
		return ": free space, or check the disk"
	case sqliteSays(err, "unable to open database file"):
		return ": give the database's folder and all files in it to the app's user with chown"
	case errors.As(err, &postgres) && strings.Contains(postgres.Message, "transaction blocks not allowed"):
		return ": set PgBouncer's pool_mode to transaction"
	case errors.As(err, &postgres) && postgres.Code == "53300":
		return ": end other connections, or raise max_connections or the role's limit"
	case errors.As(err, &postgres) && postgres.Code == "25006":
		return ": check DATABASE_URL; is the server a standby?"
	case errors.As(err, &postgres) && postgres.Code == "3D000":
		return ": check DATABASE_URL, or create the database with createdb --owner=ROLE"
	case errors.As(err, &postgres) && strings.HasPrefix(postgres.Code, "28"):
		return ": check the user and password in DATABASE_URL"
	case isForbidden(err):
		return ownTables
	case errors.As(err, &connect):
		return ": check DATABASE_URL; is the server up?"
	}
	return ""
}

// fileRemedy is remedy for an error of the file system. The remedy of all others is owner.
func fileRemedy(err error, owner string) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return ": free space or inodes"
	case errors.Is(err, syscall.EROFS):
		return ": mount the file system for writing"
	}
	return owner
}

// oneLine returns the message of err without line ends: that of a failed connection has
// a line for each try.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

const ownTables = ": make the role of DATABASE_URL the owner of the database and of all tables, or restore its grants"

// isForbidden reports whether PostgreSQL refused a statement because of the role's rights.
func isForbidden(err error) bool {
	var postgres *pgconn.PgError
	return errors.As(err, &postgres) && postgres.Code == "42501"
}

// isStale reports whether a prepared statement has become invalid because a migration
// changed the type of a column in its result. pgx prepares it again at its next use.
func isStale(err error) bool {
	var postgres *pgconn.PgError
	return errors.As(err, &postgres) && postgres.Code == "0A000" && postgres.Routine == "RevalidateCachedQuery"
}

// IsDuplicate reports whether the unique index of a table's columns refused a row. The index
// has the name that Pop or PostgreSQL gives it: users_email_idx or users_email_key.
func IsDuplicate(err error, table string, columns ...string) bool {
	var postgres *pgconn.PgError
	if errors.As(err, &postgres) {
		name := strings.TrimPrefix(postgres.ConstraintName, table+"_"+strings.Join(columns, "_"))
		return postgres.Code == "23505" && (name == "_idx" || name == "_key") // unique_violation
	}
	return err != nil && strings.Contains(oneLine(err)+" ", "UNIQUE constraint failed: "+table+"."+strings.Join(columns, ", "+table+".")+" ")
}

// BreaksForeignKey reports whether a foreign key refused the statement.
func BreaksForeignKey(err error) bool {
	var postgres *pgconn.PgError
	if errors.As(err, &postgres) {
		return postgres.Code == "23503" || postgres.Code == "23001" // foreign_key_violation, restrict_violation
	}
	return sqliteSays(err, "FOREIGN KEY constraint failed")
}

// sqliteSays reports whether the message of err contains one of texts. The SQLite
// drivers have no error type in common.
func sqliteSays(err error, texts ...string) bool {
	return err != nil && slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(err.Error(), text) })
}
