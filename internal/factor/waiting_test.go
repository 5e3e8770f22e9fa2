package factor_test

import (
	"testing"
	"time"

	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/internal/factor"
	"corral/internal/undo"
)

func TestList_Waiting(t *testing.T) {
	user := newUser(t)
	totp := addKind(t, user, factor.TOTP)
	phone := add(t, user, &factor.Factor{Kind: factor.Passkey, Name: "Phone", Data: []byte{}})
	require.NoError(t, phone.Remove(db, noon, 1))
	later := noon.Add(time.Hour)
	kinds := map[bool]string{true: "turned_on", false: "turned_off"}
	effects := []undo.Effect{{Item: phone.ID, Use: true, DueAt: noon}, {Item: uuid.Nil, DueAt: noon}, {Item: totp.ID, DueAt: later}}
	require.Equal(t, []factor.Waiting{
		{Kind: "passkey_added", Name: "Phone", DueAt: noon},
		{Kind: "turned_off", DueAt: noon},
		{Kind: "totp_removed", DueAt: later},
	}, factorsOf(t, user).Waiting(effects, kinds))
}
