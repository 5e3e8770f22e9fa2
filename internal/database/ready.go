package database

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/gobuffalo/pop/v6"
)

const readyTimeout = 2 * time.Second

// Ready returns nil if db answers within readyTimeout and no migration is missing.
// Unknown migrations are allowed: in a rolling update, old nodes serve after the
// first new one has migrated.
func Ready(ctx context.Context, db *pop.Connection, migrations fs.FS) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	missing, _, err := CompareSchema(ctx, db, migrations)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return fmt.Errorf("migrations are missing: %s", strings.Join(missing, ", "))
	}
	return nil
}

// ClockSkew returns how far now is ahead of the database's clock. Rows of a node
// whose clock is fast expire too late.
func ClockSkew(ctx context.Context, db *pop.Connection, now func() time.Time) (time.Duration, error) {
	query := "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)" // Unix milliseconds
	if db.Dialect.Name() == "postgres" {
		query = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
	}
	var theirs int64
	if err := db.Store.GetContext(ctx, &theirs, query); err != nil {
		return 0, fmt.Errorf("asking the database for the time: %w", err)
	}
	return now().Sub(time.UnixMilli(theirs)), nil
}
