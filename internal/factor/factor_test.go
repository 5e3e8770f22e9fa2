package factor_test

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/internal/factor"
)

// migrations are the migration in the package comment, and those of recovery and ratelimit.
var migrations = fstest.MapFS{"20260101000000_create_factors.up.fizz": {Data: []byte(`
	create_table("factors") {
		t.Column("id", "uuid", {primary: true})
		t.Column("user_id", "uuid", {})
		t.Column("kind", "string", {size: 16})
		t.Column("name", "string", {size: 64})
		t.Column("credential_id", "blob", {"null": true})
		t.Column("data", "blob", {})
		t.Column("last_step", "bigint", {})
		t.Column("created_at", "timestamp", {})
		t.Column("last_used_at", "timestamp", {"null": true})
		t.Column("removed_at", "timestamp", {"null": true})
		t.Column("removed_number", "integer", {})
		t.DisableTimestamps()
	}
	add_index("factors", ["user_id", "id"], {})
	add_index("factors", "credential_id", {unique: true})
	add_index("factors", ["kind", "id"], {})
	create_table("recovery_codes") {
		t.Column("id", "uuid", {primary: true})
		t.Column("factor_id", "uuid", {})
		t.Column("digest", "blob", {})
		t.Column("used_at", "timestamp", {"null": true})
		t.DisableTimestamps()
	}
	create_table("rate_limits") {
		t.Column("id", "string", {primary: true, size: 43})
		t.Column("attempts", "integer", {})
		t.Column("pending", "integer", {})
		t.Column("last_ms", "bigint", {})
		t.Column("open_ms", "bigint", {})
		t.Column("purge_ms", "bigint", {})
		t.DisableTimestamps()
	}
`)}}

// db is the database of all tests.
var db *pop.Connection

func TestMain(m *testing.M) { apptest.MainWithTables(m, &db, migrations) }

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func add(t testing.TB, userID uuid.UUID, f *factor.Factor) *factor.Factor {
	t.Helper()
	f.UserID = userID
	require.NoError(t, f.Add(db, noon))
	return f
}

func addKind(t testing.TB, userID uuid.UUID, kind string) *factor.Factor {
	t.Helper()
	return add(t, userID, &factor.Factor{Kind: kind, Data: []byte{}})
}

func factorsOf(t testing.TB, userID uuid.UUID) factor.List {
	t.Helper()
	list, err := factor.Of(db, userID)
	require.NoError(t, err)
	return list
}

// newUser empties the table and returns the ID of a user.
func newUser(t testing.TB) uuid.UUID {
	t.Helper()
	apptest.Empty(t, db)
	return uuid.Must(uuid.NewV4())
}

func TestList(t *testing.T) {
	user := newUser(t)
	require.Nil(t, factorsOf(t, user).Oldest())
	first, second := addKind(t, user, "key"), addKind(t, user, "app")
	codes, third := addKind(t, user, "codes"), addKind(t, user, "key")
	addKind(t, uuid.Must(uuid.NewV4()), "key")

	list := factorsOf(t, user)
	require.Equal(t, []uuid.UUID{first.ID, second.ID, codes.ID, third.ID}, list.IDs(), "oldest first")
	require.Equal(t, []uuid.UUID{first.ID, second.ID, third.ID}, list.OfKind("key", "app").IDs())
	require.Equal(t, []uuid.UUID{second.ID, third.ID}, list.Without(first.ID, codes.ID).IDs())
	require.Equal(t, first.ID, list.Oldest().ID)
	require.Equal(t, codes.ID, list.ByID(codes.ID).ID)
	require.Nil(t, list.ByID(uuid.Nil))
}

func TestFactor_RemoveAndRestore(t *testing.T) {
	user := newUser(t)
	removed, undone := addKind(t, user, "removed"), addKind(t, user, "undone")
	require.NoError(t, removed.Remove(db, noon, 3))
	require.NoError(t, undone.Remove(db, noon, 0))
	list := factorsOf(t, user)
	require.Len(t, list, 2, "kept")
	require.Empty(t, list.InUse())
	require.Len(t, list.Removed(), 2)
	require.Equal(t, []uuid.UUID{removed.ID}, list.Restorable().IDs(), "not one whose addition was undone")
	require.True(t, noon.Equal(list[0].RemovedAt.Time))
	require.Equal(t, 3, list[0].RemovedNumber)

	require.NoError(t, list[0].Restore(db))
	list = factorsOf(t, user)
	require.Equal(t, []uuid.UUID{removed.ID}, list.InUse().IDs())
	require.Empty(t, list.Restorable())
	require.Equal(t, []uuid.UUID{undone.ID}, list.Removed().IDs())
}

func TestFactor_Use(t *testing.T) {
	user := newUser(t)
	f := addKind(t, user, "kind")
	for _, want := range []bool{true, false} {
		first, err := f.Use(db, noon)
		require.NoError(t, err)
		require.Equal(t, want, first)
		f = factorsOf(t, user).Oldest()
		require.True(t, noon.Equal(f.LastUsedAt.Time))
	}
}
