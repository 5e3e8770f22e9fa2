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

// execMode is pgx's setting in a URL. cache_describe uses no named statements.
const execMode = "default_query_exec_mode"

// forPooler finds out whether a pooler such as PgBouncer is between the app and
// PostgreSQL, and returns a URL that works with it. A pooler in transaction mode
// gives each transaction another of PostgreSQL's connections, where named
// statements are missing or taken. A URL with a mode is left as it is.
func forPooler(databaseURL string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, databaseURL)
	if refused := (*pgconn.PgError)(nil); errors.As(err, &refused) && strings.Contains(refused.Message, "unsupported startup parameter") {
		// Its role may have the setting: ALTER ROLE … SET.
		databaseURL = withQuery(databaseURL, func(q url.Values) { q.Del(idleTimeout) })
		conn, err = pgx.Connect(ctx, databaseURL)
	}
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	rows, _ := conn.Query(ctx, "SELECT pg_backend_pid()", pgx.QueryExecModeSimpleProtocol) // err is CollectOneRow's, too
	server, err := pgx.CollectOneRow(rows, pgx.RowTo[uint32])
	if err != nil {
		return "", err
	}
	if server == conn.PgConn().PID() { // a pooler tells a number of its own
		return databaseURL, nil
	}
	return withQuery(databaseURL, func(q url.Values) {
		if !q.Has(execMode) {
			q.Set(execMode, "cache_describe")
		}
	}), nil
}

// ThroughPooler reports whether db uses no named statements, as Open decides when
// it finds a pooler.
func ThroughPooler(db *pop.Connection) bool {
	u, err := url.Parse(db.URL())
	if err != nil || db.Dialect.Name() != "postgres" {
		return false
	}
	mode := u.Query()[execMode]
	return len(mode) > 0 && mode[0] != "cache_statement"
}
