package database

import (
	"context"
	"fmt"
	"time"

	"github.com/gobuffalo/pop/v6"

	"corral/internal/clock"
)

// maxSkew is much shorter than the shortest lifetime of a row.
const maxSkew = 10 * time.Second

// Clocks are the clocks of a node and of the database, which all nodes share. Tests
// can move each.
type Clocks struct{ Node, Database *clock.Clock }

// Compare returns the time of the database, or an error if the node's clock differs by
// more than ten seconds. A node whose clock is fast would treat live sessions as
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
	databaseTime := c.Database.At(time.UnixMilli(milliseconds))
	// The database read its clock at some time between before and now.
	skew := max(before.Sub(databaseTime), databaseTime.Sub(c.Node.Now()))
	if skew > maxSkew {
		return time.Time{}, fmt.Errorf("the clocks of this machine and of the database are %s apart: set both by NTP", skew.Round(time.Second))
	}
	return databaseTime, nil
}
