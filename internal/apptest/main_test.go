package apptest_test

import (
	"os"
	"testing"

	"github.com/gobuffalo/pop/v6"
	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/internal/database"
)

func open(t testing.TB, statements ...string) *pop.Connection {
	t.Helper()
	databaseURL, drop, err := apptest.NewDatabase(os.Getenv("TEST_DATABASE_URL"))
	require.NoError(t, err)
	t.Cleanup(drop)
	db, err := database.Open(databaseURL)
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	exec(t, db, statements...)
	return db
}

func exec(t testing.TB, db *pop.Connection, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		require.NoError(t, db.RawQuery(statement).Exec(), statement)
	}
}
