package database

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// execMode is the URL parameter of pgx for how it sends statements. The mode
// cache_describe uses no named statements.
const execMode = "default_query_exec_mode"

// forPooler finds out whether a pooler such as PgBouncer is between the app and
// PostgreSQL, and returns a URL that works with it. A pooler in transaction mode
// may run each transaction on another connection, where a named statement does not
// exist or its name is taken. forPooler keeps a mode that the URL already has.
func forPooler(databaseURL string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, databaseURL)
	if refused := (*pgconn.PgError)(nil); errors.As(err, &refused) && strings.Contains(refused.Message, "unsupported startup parameter") {
		// Operators can set the timeout for the role instead: ALTER ROLE … SET.
		databaseURL = withQuery(databaseURL, func(q url.Values) { q.Del(idleTimeout) })
		conn, err = pgx.Connect(ctx, databaseURL)
	}
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	rows, _ := conn.Query(ctx, "SELECT pg_backend_pid()", pgx.QueryExecModeSimpleProtocol) // CollectOneRow returns the error
	server, err := pgx.CollectOneRow(rows, pgx.RowTo[uint32])
	if err != nil {
		return "", err
	}
	if server == conn.PgConn().PID() { // a pooler reports another PID
		return databaseURL, nil
	}
	return withQuery(databaseURL, func(q url.Values) {
		if !q.Has(execMode) {
			q.Set(execMode, "cache_describe")
		}
	}), nil
}

// ThroughPooler reports whether db avoids named statements: because Open found a
// pooler, or because the URL says so.
func ThroughPooler(db *pop.Connection) bool {
	u, err := url.Parse(db.URL())
	if err != nil || db.Dialect.Name() != "postgres" {
		return false
	}
	mode := u.Query()[execMode]
	return len(mode) > 0 && mode[0] != "cache_statement"
}

// Kind tells operators the kind of the database, and whether db is ThroughPooler.
func Kind(db *pop.Connection) string {
	if ThroughPooler(db) {
		return db.Dialect.Name() + ", through a pooler: without named statements"
	}
	return db.Dialect.Name()
}
