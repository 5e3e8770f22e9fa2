package models

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"corral/migrations"
)

// readyTimeout is how long the database may take to tell that it is there: a
// load balancer asks again before long.
const readyTimeout = 2 * time.Second

// Ready returns nil when the database answers and has every migration of this
// release. It may have newer ones: were the old nodes to step aside for the
// first new one, nobody would answer during a rolling update.
func Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	missing, _, err := CompareSchema(ctx)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return fmt.Errorf("migrations are missing: %s", strings.Join(missing, ", "))
	}
	return nil
}

// CompareSchema returns the versions of the migrations that the database is
// missing, and of those that it has but this release does not know.
func CompareSchema(ctx context.Context) (missing, unknown []string, err error) {
	var applied []string
	if err := DB.Store.SelectContext(ctx, &applied, "SELECT version FROM schema_migration ORDER BY version"); err != nil {
		return nil, nil, fmt.Errorf("migrations cannot be listed: %w", err)
	}
	return without(embeddedVersions(), applied), without(applied, embeddedVersions()), nil
}

// embeddedVersions are the migrations of this release: the digits that the
// names of their files begin with.
var embeddedVersions = sync.OnceValue(func() []string {
	names, err := fs.Glob(migrations.FS, "*.up.fizz")
	if err != nil {
		panic(err) // the pattern is well-formed
	}
	for i, name := range names {
		names[i], _, _ = strings.Cut(name, "_")
	}
	return names
})

func without(list, others []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(v string) bool { return slices.Contains(others, v) })
}

// ClockSkew is how far this machine's clock is ahead of the database's. Tokens
// and sessions that one node dates in the future, another ends too late.
func ClockSkew(ctx context.Context) (time.Duration, error) {
	query := "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)" // Unix milliseconds
	if DB.Dialect.Name() == "postgres" {
		query = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
	}
	var theirs int64
	if err := DB.Store.GetContext(ctx, &theirs, query); err != nil {
		return 0, fmt.Errorf("asking the database for the time: %w", err)
	}
	return Clock.Now().Sub(time.UnixMilli(theirs)), nil
}
