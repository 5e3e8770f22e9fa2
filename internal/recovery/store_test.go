package recovery_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/internal/recovery"
)

// migrations creates the table in the package comment.
var migrations = fstest.MapFS{"20260101000000_create_recovery_codes.up.fizz": {Data: []byte(`
	create_table("recovery_codes") {
		t.Column("id", "uuid", {primary: true})
		t.Column("factor_id", "uuid", {})
		t.Column("digest", "blob", {})
		t.Column("used_at", "timestamp", {"null": true})
		t.DisableTimestamps()
	}
	add_index("recovery_codes", ["factor_id", "digest"], {unique: true})
`)}}

var db *pop.Connection

func TestMain(m *testing.M) { apptest.MainWithTables(m, &db, migrations) }

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// issue returns a new set of ten codes.
func issue(t testing.TB) (set uuid.UUID, codes []string) {
	t.Helper()
	set = uuid.Must(uuid.NewV7())
	codes, err := recovery.Issue(db, set, 10)
	require.NoError(t, err)
	require.Len(t, codes, 10)
	return set, codes
}

func redeem(t testing.TB, set uuid.UUID, typed string) bool {
	t.Helper()
	ok, err := recovery.Redeem(db, set, typed, noon)
	require.NoError(t, err)
	return ok
}

func TestRedeem_EachCodeOnce(t *testing.T) {
	set, codes := issue(t)
	for i, code := range codes {
		left, err := recovery.Left(db, set)
		require.NoError(t, err)
		require.Equal(t, 10-i, left)
		require.True(t, redeem(t, set, " "+strings.ToLower(strings.ReplaceAll(code, "-", " "))+"\n"))
		require.False(t, redeem(t, set, code))
	}
}

// Has is true as long as Redeem would be, and leaves the code unused.
func TestHas(t *testing.T) {
	set, codes := issue(t)
	other, _ := issue(t)
	requireHas := func(want bool, set uuid.UUID, typed string) {
		t.Helper()
		has, err := recovery.Has(db, set, typed)
		require.NoError(t, err)
		require.Equal(t, want, has)
	}
	for range 2 {
		requireHas(true, set, strings.ToLower(codes[0]))
	}
	requireHas(false, other, codes[0])
	requireHas(false, set, "")
	require.True(t, redeem(t, set, codes[0]))
	requireHas(false, set, codes[0])
	requireHas(true, set, codes[1])
}

func TestRedeem_NotOfAnotherSet(t *testing.T) {
	set, _ := issue(t)
	other, codes := issue(t)
	require.False(t, redeem(t, set, codes[0]))
	require.True(t, redeem(t, other, codes[0]))
	require.False(t, redeem(t, other, ""))
	require.False(t, redeem(t, uuid.Nil, codes[1]))
}

func TestRedeem_OneOfConcurrentCallsSucceeds(t *testing.T) {
	set, codes := issue(t)
	var redeemed atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			ok, err := recovery.Redeem(db, set, codes[0], noon)
			if err != nil {
				t.Error(err)
			}
			if ok {
				redeemed.Add(1)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 1, redeemed.Load())
}

// The table must contain only digests.
func TestIssue_DigestOnly(t *testing.T) {
	set, codes := issue(t)
	var digests [][]byte
	require.NoError(t, db.RawQuery("SELECT digest FROM recovery_codes WHERE factor_id = ?", set).All(&digests))
	want := make([][]byte, 10)
	for i, code := range codes {
		want[i] = recovery.Digest(code)
		require.False(t, redeem(t, set, string(want[i])))
	}
	require.ElementsMatch(t, want, digests)
}
