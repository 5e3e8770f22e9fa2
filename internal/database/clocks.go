package database

import (
	"context"
	"fmt"
	"time"

	"github.com/gobuffalo/pop/v6"

	"corral/internal/clock"
)

// maxSkew is short beside the shortest lifetime of a row.
const maxSkew = 10 * time.Second

// Clocks are the clocks of a node and of its database, which all nodes share.
// Tests move either.
type Clocks struct{ Node, Database *clock.Clock }

// Compare returns the database's time, or an error if the node's differs by more
// than ten seconds. A node whose clock is fast would take live sessions for
// expired.
func (c Clocks) Compare(ctx context.Context, db *pop.Connection) (time.Time, error) {
	query := "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)" // Unix milliseconds
	if db.Dialect.Name() == "postgres" {
		query = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
	}
	var milliseconds int64
	before := c.Node.Now()
	if err := db.Store.GetContext(ctx, &milliseconds, query); err != nil {
		return time.Time{}, fmt.Errorf("asking the database for the time: %w", err)
	}
	theirs := c.Database.At(time.UnixMilli(milliseconds))
	// The response may have taken long: it was true at some time in between.
	skew := max(before.Sub(theirs), theirs.Sub(c.Node.Now()))
	if skew > maxSkew {
		return time.Time{}, fmt.Errorf("the clocks of this machine and of the database are %s apart: set both by NTP", skew.Round(time.Second))
	}
	return theirs, nil
}
