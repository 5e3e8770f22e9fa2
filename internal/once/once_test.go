package once_test

import (
	"errors"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/internal/once"
)

// migrations creates the table in the package comment.
var migrations = fstest.MapFS{"20260101000000_create_used_challenges.up.fizz": {Data: []byte(`
	create_table("used_challenges") {
		t.Column("id", "uuid", {primary: true})
		t.Column("digest", "blob", {})
		t.Column("expires_at", "timestamp", {})
		t.DisableTimestamps()
	}
	add_index("used_challenges", "digest", {unique: true})
`)}}

// db is the database of all tests.
var db *pop.Connection

func TestMain(m *testing.M) { apptest.MainWithTables(m, &db, migrations) }

func use(digest string) error {
	return db.Transaction(func(tx *pop.Connection) error { return once.Use(tx, []byte(digest), time.Now().Add(time.Hour)) })
}

func TestUse(t *testing.T) {
	apptest.Empty(t, db)
	errs := make([]error, 3)
	var using sync.WaitGroup
	for i := range errs {
		using.Go(func() { errs[i] = use("one") })
	}
	using.Wait()
	used := 0
	for _, err := range errs {
		if err != nil {
			require.ErrorIs(t, err, once.ErrUsed)
			used++
		}
	}
	require.Equal(t, 2, used)
	require.NoError(t, use("another"))
}

// If the transaction is rolled back, the secret works again.
func TestUse_RollsBack(t *testing.T) {
	refused := errors.New("refused")
	require.ErrorIs(t, db.Transaction(func(tx *pop.Connection) error {
		require.NoError(t, once.Use(tx, []byte("rolled back"), time.Now()))
		return refused
	}), refused)
	require.NoError(t, use("rolled back"))
}
