package database

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/gobuffalo/pop/v6"
	"github.com/jackc/pgx/v5/pgconn"
)

// Backup copies a SQLite database that is in use to a new file, readable only by
// its owner. It never replaces a file. The copy has no rows of the tables in without:
// a restore must not bring ended sessions back. Until it is complete, the file's name ends
// in .part: a backup that is cut off has these rows. For PostgreSQL it returns an error that
// quotes DumpCommand: a nightly job must notice that there is no backup.
func Backup(ctx context.Context, db *pop.Connection, databaseURL, path string, without ...string) error {
	if db.Dialect.Name() == "postgres" {
		return fmt.Errorf("this database is PostgreSQL, whose own tool backs it up: run this command, which reads the password from the file that PGPASSFILE names, never from an argument: %s",
			DumpCommand(databaseURL, path, without...))
	}
	if err := writeBackup(ctx, db, path, without); err != nil {
		return fmt.Errorf("the backup cannot be written: %w", err)
	}
	return nil
}

func writeBackup(ctx context.Context, db *pop.Connection, path string, without []string) error {
	if _, err := os.Lstat(path); err == nil {
		return &fs.PathError{Op: "open", Path: path, Err: syscall.EEXIST}
	}
	part, err := filepath.Abs(path + ".part") // SQLite would read a path like file:x as a URI
	if err != nil {
		return err
	}
	// VACUUM INTO would create the file with the umask's mode.
	if err := createPrivate(part); errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: remove it, unless another backup writes it now", err)
	} else if err != nil {
		return err
	}
	defer os.Remove(part)
	if err := db.WithContext(ctx).RawQuery("VACUUM INTO ?", part).Exec(); err != nil {
		return err
	}
	if err := emptyCopy(ctx, part, without); err != nil {
		return err
	}
	// Rename alone would replace a file; not every file system has links.
	if err := createPrivate(path); err != nil {
		return err
	}
	if err := os.Rename(part, path); err != nil {
		os.Remove(path)
		return err
	}
	return nil
}

// emptyCopy deletes all rows of the tables in the SQLite file, and vacuums the file,
// which removes the bytes of deleted rows. It skips tables that the file does not have.
func emptyCopy(ctx context.Context, path string, tables []string) error {
	details := sqliteDetails(path)
	details.Pool, details.IdlePool = 1, 1
	details.Options["_journal_mode"] = "DELETE" // no -wal file beside the copy
	conn, err := pop.NewConnection(details)
	if err != nil {
		return err
	}
	if err := conn.Open(); err != nil {
		return err
	}
	defer conn.Close()
	copied := conn.WithContext(ctx)
	for _, table := range tables {
		known, err := copied.Where("type = 'table' AND name = ?", table).Count("sqlite_master")
		if err == nil && known > 0 {
			err = copied.RawQuery(deleteRows(table)).Exec()
		}
		if err != nil {
			return fmt.Errorf("emptying %s: %w", table, err)
		}
	}
	return copied.RawQuery("VACUUM").Exec()
}

func deleteRows(table string) string { return "DELETE FROM " + table }

// DumpCommand returns a shell command that copies a PostgreSQL database to a new
// file readable only by its owner. It refuses to replace a file. The copy has no rows of the tables in without.
func DumpCommand(databaseURL, path string, without ...string) string {
	quoted := func(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
	options := ""
	for _, table := range without {
		options += " --exclude-table-data=" + quoted("*."+table) // without a schema, pg_dump looks in the role's search_path
	}
	return fmt.Sprintf("(umask 077 && set -C && pg_dump --format=custom%s %s > %s)", options, quoted(forLibpq(databaseURL)), quoted(path))
}

// libpq lists the URL parameters that the library libpq knows, except passwords. The library
// refuses others, such as those of pgx.
var libpq = strings.Fields(`host hostaddr port dbname user passfile service servicefile require_auth channel_binding connect_timeout
	client_encoding options application_name fallback_application_name keepalives keepalives_idle keepalives_interval keepalives_count
	tcp_user_timeout sslmode sslnegotiation sslcert sslkey sslrootcert sslcrl sslcrldir sslsni sslcertmode ssl_min_protocol_version
	ssl_max_protocol_version requirepeer gssencmode gsslib gssdelegation krbsrvname target_session_attrs load_balance_hosts`)

// forLibpq returns the URL for PostgreSQL's own tools. It removes the password: every user
// of the machine can read the arguments of a command.
func forLibpq(databaseURL string) string {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return "postgres://user@host/name" // an example for the operator
	}
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	query := u.Query()
	if server, err := pgconn.ParseConfig(databaseURL); err == nil && server.TLSConfig != nil && !server.TLSConfig.InsecureSkipVerify && server.TLSConfig.RootCAs == nil {
		query.Set("sslrootcert", "system") // the app's default; without it, libpq demands a file
	}
	maps.DeleteFunc(query, func(key string, _ []string) bool { return !slices.Contains(libpq, key) })
	u.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20") // libpq reads + as itself
	return u.String()
}
