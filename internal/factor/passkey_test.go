package factor_test

import (
	"testing"

	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/internal/database"
	"corral/internal/factor"
	"corral/internal/passkey"
)

func addPasskey(t testing.TB, userID uuid.UUID, id string) *factor.Factor {
	t.Helper()
	return add(t, userID, factor.NewPasskey(passkey.Credential{ID: []byte(id), RPID: id + ".example"}, "Phone"))
}

func TestList_Credentials(t *testing.T) {
	user := newUser(t)
	addPasskey(t, user, "first")
	addKind(t, user, factor.Codes)
	addPasskey(t, user, "second")
	credentials := factorsOf(t, user).Credentials()
	require.Len(t, credentials, 2)
	require.Equal(t, "first", string(credentials[0].ID))
}

// An account must not take over the passkey of another, even a removed one.
func TestPasskey_IDsAreUnique(t *testing.T) {
	f := addPasskey(t, newUser(t), "id")
	require.NoError(t, f.Remove(db, noon, 1))
	again := factor.NewPasskey(passkey.Credential{ID: []byte("id")}, "")
	require.True(t, database.IsDuplicate(again.Add(db, noon), "factors", "credential_id"))
}

func TestPasskey(t *testing.T) {
	user := newUser(t)
	newestHost := func() string {
		host, err := factor.NewestPasskeyHost(db)
		require.NoError(t, err)
		return host
	}
	require.Empty(t, newestHost())
	_, err := factor.ByCredential(db, []byte("first"))
	require.ErrorIs(t, err, passkey.ErrUnknown)

	first, second := addPasskey(t, user, "first"), addPasskey(t, user, "second")
	addKind(t, user, factor.Codes)
	require.Equal(t, "second.example", newestHost())
	require.NoError(t, second.Remove(db, noon, 1))
	require.Equal(t, "first.example", newestHost())
	found, err := factor.ByCredential(db, []byte("second"))
	require.NoError(t, err)
	require.Equal(t, second.ID, found.ID, "removed ones too")

	require.ErrorIs(t, second.RedeemPasskey(db, &passkey.Verified{}, noon), passkey.ErrRefused)

	require.NoError(t, first.Rename(db, "Key"))
	require.NoError(t, first.StoreVerified(db, &passkey.Verified{Credential: passkey.Credential{ID: []byte("first"), SignCount: 7}}))
	stored := factorsOf(t, user).ByID(first.ID)
	require.Equal(t, "Key", stored.Name)
	require.EqualValues(t, 7, stored.Credential().SignCount)
}

func TestPasskey_Delete(t *testing.T) {
	user := newUser(t)
	first, second := addPasskey(t, user, "one"), addPasskey(t, user, "two")
	for _, ids := range [][]uuid.UUID{nil, {second.ID}} {
		require.NoError(t, factor.DeletePasskey(db, ids, first.CredentialID))
		require.Len(t, factorsOf(t, user), 2)
	}
	require.NoError(t, factor.DeletePasskey(db, []uuid.UUID{first.ID, second.ID}, first.CredentialID))
	require.Equal(t, []uuid.UUID{second.ID}, factorsOf(t, user).IDs())
}
