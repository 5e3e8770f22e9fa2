package factor_test

import (
	"bytes"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/internal/factor"
	"corral/internal/secret"
	"corral/internal/totp"
)

var ring = secret.NewRing("test", []string{"the first secret of the operator"})

func addTOTP(t testing.TB, userID uuid.UUID) (f *factor.Factor, key []byte) {
	t.Helper()
	key = totp.NewKey()
	f = factor.NewTOTP(ring, userID, key, totp.Code(key, noon), noon)
	require.NotNil(t, f)
	return add(t, userID, f), key
}

func redeem(t testing.TB, f *factor.Factor, ring secret.Ring, typed string, now time.Time) bool {
	t.Helper()
	ok, err := factorsOf(t, f.UserID).ByID(f.ID).RedeemTOTP(db, ring, typed, now)
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
