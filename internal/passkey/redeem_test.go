package passkey_test

import (
	"context"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/internal/passkey"
	"corral/internal/passkey/passkeytest"
)

// migrations creates the table of package once.
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

// Only one answer to a challenge is accepted, also if several come at the same time.
func TestVerified_Redeem(t *testing.T) {
	t.Cleanup(func() { require.NoError(t, db.RawQuery("DELETE FROM used_challenges").Exec()) })
	s, a := newSite(t, origin), passkeytest.New(origin)
	s.register(t, a, ada)
	answer := a.Get(t, s.loginOptions(t, nil))
	verified, err := s.finishLogin(answer)
	require.NoError(t, err)
	require.ErrorIs(t, db.Transaction(func(tx *pop.Connection) error {
		require.NoError(t, verified.Redeem(tx, s.now))
		return passkey.ErrRefused // rolls back
	}), passkey.ErrRefused)

	errs := make([]error, 3)
	var redeeming sync.WaitGroup
	for i := range errs {
		redeeming.Go(func() {
			again, err := s.finishLogin(answer)
			if err == nil {
				err = db.Transaction(func(tx *pop.Connection) error { return again.Redeem(tx, s.now) })
			}
			errs[i] = err
		})
	}
	redeeming.Wait()
	accepted := 0
	for _, err := range errs {
		if err == nil {
			accepted++
		} else {
			require.ErrorIs(t, err, passkey.ErrExpired)
		}
	}
	require.Equal(t, 1, accepted)
	var ends []time.Time
	require.NoError(t, db.RawQuery("SELECT expires_at FROM used_challenges").All(&ends))
	require.Len(t, ends, 1)
	require.WithinDuration(t, s.now.Add(passkey.Lifetime+time.Minute), ends[0], 0) // the minute is once.Use's
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	err = verified.Redeem(db.WithContext(gone), s.now)
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, passkey.ErrExpired)
}
