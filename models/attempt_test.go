package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"testing"

	"github.com/gobuffalo/pop/v6"
	"github.com/stretchr/testify/require"
)

// A client must not be able to hide a failed attempt by disconnecting while the password is
// checked. An attempt that does not count must leave no trace.
func TestAttempt_Disconnecting(t *testing.T) {
	user, err := CreateUser(t.Context(), "disconnecting@example.com", "")
	require.NoError(t, err)
	t.Cleanup(func() { DB.Destroy(user) })
	require.NoError(t, user.SetPassword(t.Context(), "four random words work well"))
	with := Credentials{Email: user.Email, Password: "four random words work well", Client: Client{IP: netip.MustParseAddr("192.0.2.1")}}
	requireCounted := func(want int) {
		attempts, _, err := bucketOf(loginsPerEmail, user.Email).Peek(DB, Clock.Now())
		require.NoError(t, err)
		require.Equal(t, want, attempts)
		var inFlight int
		require.NoError(t, DB.Store.Get(&inFlight, "SELECT COALESCE(sum(pending), 0) FROM rate_limits"))
		require.Zero(t, inFlight)
		recorded, err := DB.Where("user_id = ? AND kind = ?", user.ID, ActivityLoginFailed).Count(&Activity{})
		require.NoError(t, err)
		require.Equal(t, want, recorded)
	}
	ctx, disconnect := context.WithCancel(t.Context())
	_, err = with.use(ctx, ActivityLoginFailed, func(*pop.Connection, *User) (string, error) {
		disconnect()
		return ActivityLogin, nil
	})
	require.True(t, errors.Is(err, context.Canceled) || errors.Is(err, sql.ErrTxDone), err) // database/sql may have rolled back already
	requireCounted(0)
	for _, failed := range []bool{true, false} {
		ctx, disconnect := context.WithCancel(t.Context())
		a, err := with.begin(ctx, ActivityLoginFailed)
		require.NoError(t, err)
		disconnect()
		require.NoError(t, a.end(ctx, failed))
		requireCounted(1)
	}
}

// The session ends even if the client disconnects as its tenth confirmation fails.
func TestSession_EndsAlthoughTheClientIsGone(t *testing.T) {
	user, err := CreateUser(t.Context(), "disconnecting@example.com", "")
	require.NoError(t, err)
	t.Cleanup(func() { DB.Destroy(user) })
	s, err := StartSession(t.Context(), user, Client{}, Session{})
	require.NoError(t, err)
	ctx, disconnect := context.WithCancel(t.Context())
	disconnect()
	s.FailedConfirmations = maxFailedConfirmations
	for _, failed := range []int{maxFailedConfirmations - 1, maxFailedConfirmations} {
		require.NoError(t, DB.RawQuery("UPDATE sessions SET failed_confirmations = ? WHERE id = ?", failed, s.ID).Exec())
		err := s.endIfTooManyFailed(ctx, ErrBadCredentials, Client{})
		require.Equal(t, map[bool]error{true: ErrSessionEnded, false: ErrBadCredentials}[failed == maxFailedConfirmations], err)
	}
}

func TestRequestMail_FollowsMailsPerClient(t *testing.T) {
	usual := settings
	defer func() { settings = usual }()
	settings.MailsPerClient = 2
	client := Client{IP: netip.MustParseAddr("198.51.100.77")}
	var limited *RateLimited
	for n, refused := range []bool{false, false, true} {
		err := RequestLink(t.Context(), PurposeSignup, fmt.Sprintf("user%d@example.org", n), "", client)
		require.Equal(t, refused, errors.As(err, &limited), err)
	}
}
