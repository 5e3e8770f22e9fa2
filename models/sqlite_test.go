package models_test

import (
	"context"
	"database/sql"

	"corral/models"
)

// Whichever driver it is, and on every connection of the pool: what was
// committed is on the disk, and nothing refers to a row that is gone.
func (ms *ModelSuite) Test_SQLite_EveryConnection() {
	if models.DB.Dialect.Name() == "postgres" {
		return // it does all of this by itself
	}
	ctx, pool := ms.T().Context(), models.DB.Store.(interface {
		Conn(context.Context) (*sql.Conn, error)
	})
	for range models.DB.Dialect.Details().Pool {
		conn, err := pool.Conn(ctx)
		ms.NoError(err)
		defer conn.Close() // not before the others are open
		for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000"} {
			var got string
			ms.NoError(conn.QueryRowContext(ctx, "PRAGMA "+pragma).Scan(&got))
			ms.Equal(want, got, pragma)
		}
	}
}
