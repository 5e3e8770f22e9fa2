package identities_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/internal/oidc"
	"corral/internal/oidc/identities"
)

// migrations creates the table in the package comment.
var migrations = fstest.MapFS{"20260101000000_create_identities.up.fizz": {Data: []byte(`
	create_table("identities") {
		t.Column("id", "uuid", {primary: true})
		t.Column("user_id", "uuid", {})
		t.Column("issuer", "string", {size: 255})
		t.Column("subject", "string", {size: 255})
		t.Column("email", "string", {size: 254})
		t.Column("created_at", "timestamp", {})
		t.Column("last_used_at", "timestamp", {"null": true})
		t.Column("removed_at", "timestamp", {"null": true})
		t.DisableTimestamps()
	}
	add_index("identities", ["issuer", "subject"], {unique: true})
`)}}

var db *pop.Connection

func TestMain(m *testing.M) { apptest.MainWithTables(m, &db, migrations) }

var noon = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

func newUser() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// newIdentity returns an identity that no other test has.
func newIdentity(issuer string) oidc.Identity {
	return oidc.Identity{Issuer: "https://" + issuer, Subject: newUser().String(), Email: "Ada@Example.com"}
}

func add(t *testing.T, userID uuid.UUID, i oidc.Identity) (added bool) {
	t.Helper()
	added, err := identities.Add(db, userID, i, noon)
	require.NoError(t, err)
	return added
}

func remove(t *testing.T, userID uuid.UUID, issuer string) int {
	t.Helper()
	removed, err := identities.Remove(db, userID, issuer, noon)
	require.NoError(t, err)
	return removed
}

func removeAll(t *testing.T, userID uuid.UUID) int {
	t.Helper()
	removed, err := identities.RemoveAll(db, userID, noon)
	require.NoError(t, err)
	return removed
}

func issuers(t *testing.T, userID uuid.UUID) string {
	t.Helper()
	list, err := identities.Of(db, userID)
	require.NoError(t, err)
	var found []string
	for _, l := range list {
		found = append(found, strings.TrimPrefix(l.Issuer, "https://"))
	}
	return strings.Join(found, " ")
}

func TestAdd_AnIdentityHasOneAccount(t *testing.T) {
	ada, bob, one := newUser(), newUser(), newIdentity("one")
	require.True(t, add(t, ada, one))
	require.False(t, add(t, ada, one))
	_, err := identities.Add(db, bob, one, noon)
	require.ErrorIs(t, err, identities.ErrTaken)
	require.True(t, add(t, ada, newIdentity("two")))
	require.Equal(t, "one two", issuers(t, ada))
	list, err := identities.Of(db, ada)
	require.NoError(t, err)
	require.Equal(t, "ada@example.com", list[0].Email)
	require.WithinDuration(t, noon, list[0].CreatedAt, 0)
}

func TestRemove_KeepsTheIdentityFromOthers(t *testing.T) {
	ada, bob, one := newUser(), newUser(), newIdentity("one")
	add(t, ada, one)
	require.Zero(t, remove(t, ada, "https://two"))
	require.Zero(t, remove(t, bob, one.Issuer))
	require.Equal(t, 1, remove(t, ada, one.Issuer))
	require.Zero(t, remove(t, ada, one.Issuer))
	require.Empty(t, issuers(t, ada))
	_, err := identities.Add(db, bob, one, noon)
	require.ErrorIs(t, err, identities.ErrTaken)
	one.Email = "no email"
	require.True(t, add(t, ada, one))
	list, err := identities.Of(db, ada)
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Empty(t, list[0].Email)
}

func TestRemoveAll(t *testing.T) {
	ada, bob := newUser(), newUser()
	add(t, ada, newIdentity("one"))
	add(t, ada, newIdentity("two"))
	add(t, bob, newIdentity("one"))
	require.Zero(t, remove(t, ada, ""))
	require.Equal(t, 2, removeAll(t, ada))
	require.Zero(t, removeAll(t, ada))
	require.Empty(t, issuers(t, ada))
	require.Equal(t, "one", issuers(t, bob))
}

func TestUse(t *testing.T) {
	ada, bob, one := newUser(), newUser(), newIdentity("one")
	add(t, ada, one)
	use := func(userID uuid.UUID, i oidc.Identity) int {
		used, err := identities.Use(db, userID, i, noon)
		require.NoError(t, err)
		return used
	}
	require.Equal(t, 1, use(ada, one))
	require.Zero(t, use(bob, one))
	require.Zero(t, use(ada, newIdentity("one")))
	list, err := identities.Of(db, ada)
	require.NoError(t, err)
	require.WithinDuration(t, noon, list[0].LastUsedAt.Time, 0)
	changed := one
	changed.Email = "eve@example.com"
	require.Equal(t, 1, use(ada, changed))
	list, err = identities.Of(db, ada)
	require.NoError(t, err)
	require.Equal(t, "ada@example.com", list[0].Email, "the claim is read once")
	removeAll(t, ada)
	require.Zero(t, use(ada, one))
}

func TestList_At(t *testing.T) {
	list := identities.List{{Issuer: "one", Subject: "ada"}, {Issuer: "two"}, {Issuer: "one", Subject: "bob"}}
	require.Equal(t, identities.List{list[0], list[2]}, list.At("one"))
	require.Empty(t, list.At("three"))
}
