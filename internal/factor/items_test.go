package factor_test

import (
	"testing"
	"time"

	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/internal/factor"
	"corral/internal/undo"
)

var _ undo.Items = factor.Items{}

func TestItems(t *testing.T) {
	user, on, secondStep := newUser(t), true, uuid.Nil
	items := factor.Items{Tx: db, UserID: user, Now: func() time.Time { return noon }, Switch: secondStep, On: &on, Turn: func(to bool) error {
		on = to
		return nil
	}}
	set := func(item uuid.UUID, use bool) bool {
		t.Helper()
		inUse, err := items.Set(item, use)
		require.NoError(t, err)
		return inUse
	}
	inUse := func() []uuid.UUID {
		t.Helper()
		ids, err := items.InUse()
		require.NoError(t, err)
		return ids
	}
	first := addKind(t, user, factor.TOTP)
	require.Equal(t, []uuid.UUID{first.ID, secondStep}, inUse())
	require.False(t, set(secondStep, false))
	require.False(t, set(first.ID, false))
	require.Empty(t, inUse())
	require.True(t, set(secondStep, true))
	require.True(t, set(first.ID, true))
	require.Equal(t, []uuid.UUID{first.ID, secondStep}, inUse())

	require.False(t, set(first.ID, false))
	second := addKind(t, user, factor.TOTP)
	require.False(t, set(first.ID, true), "another took its place")
	require.Equal(t, []uuid.UUID{second.ID, secondStep}, inUse())
	require.False(t, set(uuid.Must(uuid.NewV4()), true), "purged")

	passkey, other := addKind(t, user, factor.Passkey), addKind(t, user, factor.Passkey)
	require.False(t, set(passkey.ID, false))
	require.True(t, set(passkey.ID, true), "a user may have several passkeys")
	require.Contains(t, inUse(), other.ID)
}
