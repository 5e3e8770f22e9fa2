package factor_test

import (
	"bytes"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/internal/database"
	"corral/internal/factor"
	"corral/internal/passkey"
	"corral/internal/secret"
	"corral/internal/totp"
)

// migrations is the migration in the package comment.
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
`)}}

// db is the database of all tests.
var db *pop.Connection

func TestMain(m *testing.M) { apptest.MainWithTables(m, &db, migrations) }

var (
	noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	ring = secret.NewRing("test", []string{"the first secret of the operator"})
)

func add(t testing.TB, userID uuid.UUID, f *factor.Factor) *factor.Factor {
	t.Helper()
	f.UserID = userID
	require.NoError(t, f.Add(db, noon))
	return f
}

func addPasskey(t testing.TB, userID uuid.UUID, id string) *factor.Factor {
	t.Helper()
	return add(t, userID, factor.NewPasskey(passkey.Credential{ID: []byte(id), RPID: "example.com"}, "Phone"))
}

func addTOTP(t testing.TB, userID uuid.UUID) (f *factor.Factor, key []byte) {
	t.Helper()
	key = totp.NewKey()
	f = factor.NewTOTP(ring, userID, key, totp.Code(key, noon), noon)
	require.NotNil(t, f)
	return add(t, userID, f), key
}

func of(t testing.TB, userID uuid.UUID) factor.List {
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
	require.Nil(t, of(t, user).Oldest())
	first := addPasskey(t, user, "first")
	secret, _ := addTOTP(t, user)
	codes := add(t, user, &factor.Factor{Kind: factor.Codes, Data: []byte{}})
	second := addPasskey(t, user, "second")
	addPasskey(t, uuid.Must(uuid.NewV4()), "another user's")

	list := of(t, user)
	require.Equal(t, []uuid.UUID{first.ID, secret.ID, codes.ID, second.ID}, list.IDs(), "oldest first")
	require.Equal(t, []uuid.UUID{first.ID, secret.ID, second.ID}, list.OfKind(factor.Passkey, factor.TOTP).IDs())
	require.Equal(t, []uuid.UUID{secret.ID, second.ID}, list.Without(first.ID, codes.ID).IDs())
	require.Equal(t, first.ID, list.Oldest().ID)
	require.Equal(t, codes.ID, list.ByID(codes.ID).ID)
	require.Nil(t, list.ByID(uuid.Nil))
	credentials := list.Credentials()
	require.Len(t, credentials, 2)
	require.Equal(t, "first", string(credentials[0].ID))
}

func TestFactor_RemoveAndRestore(t *testing.T) {
	user := newUser(t)
	removed, undone := addPasskey(t, user, "removed"), addPasskey(t, user, "undone")
	require.NoError(t, removed.Remove(db, noon, 3))
	require.NoError(t, undone.Remove(db, noon, 0))
	list := of(t, user)
	require.Len(t, list, 2, "kept")
	require.Empty(t, list.InUse())
	require.Equal(t, []uuid.UUID{removed.ID}, list.Restorable().IDs(), "not one whose addition was undone")
	require.True(t, noon.Equal(list[0].RemovedAt.Time))
	require.Equal(t, 3, list[0].RemovedNumber)

	require.NoError(t, list[0].Restore(db))
	list = of(t, user)
	require.Equal(t, []uuid.UUID{removed.ID}, list.InUse().IDs())
	require.Empty(t, list.Restorable())
}

func TestFactor_Use(t *testing.T) {
	user := newUser(t)
	f := addPasskey(t, user, "id")
	for _, want := range []bool{true, false} {
		first, err := f.Use(db, noon)
		require.NoError(t, err)
		require.Equal(t, want, first)
		f = of(t, user).Oldest()
		require.True(t, noon.Equal(f.LastUsedAt.Time))
	}
}

// An account must not take over the passkey of another, even a removed one.
func TestPasskey_IDsAreUnique(t *testing.T) {
	f := addPasskey(t, newUser(t), "id")
	require.NoError(t, f.Remove(db, noon, 1))
	again := factor.NewPasskey(passkey.Credential{ID: []byte("id")}, "")
	require.True(t, database.IsDuplicate(again.Add(db, noon)))
}

func TestPasskey(t *testing.T) {
	user := newUser(t)
	newest, err := factor.NewestPasskey(db)
	require.NoError(t, err)
	require.Nil(t, newest)
	_, err = factor.ByCredential(db, []byte("first"))
	require.ErrorIs(t, err, passkey.ErrUnknown)

	first, second := addPasskey(t, user, "first"), addPasskey(t, user, "second")
	addTOTP(t, user)
	newest, err = factor.NewestPasskey(db)
	require.NoError(t, err)
	require.Equal(t, second.ID, newest.ID)
	require.NoError(t, second.Remove(db, noon, 1))
	newest, err = factor.NewestPasskey(db)
	require.NoError(t, err)
	require.Equal(t, first.ID, newest.ID)
	found, err := factor.ByCredential(db, []byte("second"))
	require.NoError(t, err)
	require.Equal(t, second.ID, found.ID, "removed ones too")

	require.NoError(t, first.Rename(db, "Key"))
	require.NoError(t, first.StoreCredential(db, passkey.Credential{ID: []byte("first"), SignCount: 7}))
	stored := of(t, user).ByID(first.ID)
	require.Equal(t, "Key", stored.Name)
	require.EqualValues(t, 7, stored.Credential().SignCount)
}

func redeem(t testing.TB, f *factor.Factor, ring secret.Ring, typed string, now time.Time) bool {
	t.Helper()
	ok, err := of(t, f.UserID).ByID(f.ID).RedeemTOTP(db, ring, typed, now)
	require.NoError(t, err)
	return ok
}

func TestTOTP_EachCodeOnce(t *testing.T) {
	f, key := addTOTP(t, newUser(t))
	require.False(t, redeem(t, f, ring, totp.Code(key, noon), noon), "the code of the enrolment")
	next := noon.Add(time.Minute)
	require.False(t, redeem(t, f, ring, "", next))
	require.True(t, redeem(t, f, ring, totp.Code(key, next), next))
	require.False(t, redeem(t, f, ring, totp.Code(key, next), next))
	require.False(t, redeem(t, f, ring, totp.Code(key, next.Add(-30*time.Second)), next), "an older code")
	require.Nil(t, factor.NewTOTP(ring, f.UserID, key, totp.Code(key, next), noon), "a wrong code enrols nothing")
}

func TestTOTP_OneOfConcurrentUsesSucceeds(t *testing.T) {
	f, key := addTOTP(t, newUser(t))
	next := noon.Add(time.Minute)
	var redeemed atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		own := *f
		all.Go(func() {
			ok, err := own.RedeemTOTP(db, ring, totp.Code(key, next), next)
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

// A key is encrypted for its user. The operator can replace the secret that encrypts it.
func TestTOTP_Sealed(t *testing.T) {
	user := newUser(t)
	f, key := addTOTP(t, user)
	require.False(t, bytes.Contains(f.Data, key))
	minute := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }
	both := secret.NewRing("test", []string{"the second secret of the operator", "the first secret of the operator"})
	newest := secret.NewRing("test", []string{"the second secret of the operator"})
	require.False(t, redeem(t, f, newest, totp.Code(key, minute(1)), minute(1)), "a secret that it was not sealed with")
	require.True(t, redeem(t, f, both, totp.Code(key, minute(2)), minute(2)))
	require.True(t, redeem(t, f, newest, totp.Code(key, minute(3)), minute(3)), "sealed again")

	stolen := add(t, uuid.Must(uuid.NewV4()), &factor.Factor{Kind: factor.TOTP, Data: f.Data})
	require.False(t, redeem(t, stolen, ring, totp.Code(key, minute(1)), minute(1)), "of no use in another's row")
}

func TestTOTP_DatabaseFails(t *testing.T) {
	f, key := addTOTP(t, newUser(t))
	next := noon.Add(time.Minute)
	rollback := errors.New("roll back")
	require.ErrorIs(t, db.Transaction(func(tx *pop.Connection) error {
		require.NoError(t, tx.RawQuery("DROP TABLE factors").Exec())
		ok, err := f.RedeemTOTP(tx, ring, totp.Code(key, next), next)
		require.Error(t, err)
		require.False(t, ok)
		return rollback
	}), rollback)
}
