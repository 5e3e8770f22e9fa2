package factor_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/internal/factor"
	"corral/internal/ratelimit"
	"corral/internal/recovery"
	"corral/internal/totp"
)

// next is a time at which the code of the enrolment is no longer the newest.
var next = noon.Add(time.Minute)

// typeCode returns what Peek returns for a typed code, and what Redeem then returns.
func typeCode(t testing.TB, userID uuid.UUID, typed string) (f *factor.Factor, peeked, err error) {
	t.Helper()
	limit := ratelimit.Limit{Name: "codes", Most: math.MaxInt, Free: 2}
	code := factor.Typed{UserID: userID, Code: typed, Ring: ring, Now: func() time.Time { return next },
		Buckets: ratelimit.Buckets{{Limit: limit, ID: userID.String()}}}
	peeked = code.Peek(db)
	require.NoError(t, db.Transaction(func(tx *pop.Connection) error {
		f, err = code.Redeem(tx)
		return nil
	}))
	return f, peeked, err
}

func addCodes(t testing.TB, userID uuid.UUID) (set *factor.Factor, codes []string) {
	t.Helper()
	set = addKind(t, userID, factor.Codes)
	codes, err := recovery.Issue(db, set.ID, 3)
	require.NoError(t, err)
	return set, codes
}

func wrongCode(key []byte) string {
	for _, code := range []string{"000000", "000001", "000002", "000003"} {
		if _, ok := totp.Match(key, code, next); !ok {
			return code
		}
	}
	panic("at most three codes match")
}

func TestTyped_EachCodeOnce(t *testing.T) {
	user := newUser(t)
	app, key := addTOTP(t, user)
	set, codes := addCodes(t, user)
	for typed, want := range map[string]*factor.Factor{totp.Code(key, next): app, codes[0]: set} {
		f, peeked, err := typeCode(t, user, typed)
		require.NoError(t, errors.Join(peeked, err))
		require.Equal(t, want.ID, f.ID)
		f, peeked, err = typeCode(t, user, typed)
		require.NoError(t, peeked)
		require.ErrorIs(t, err, factor.ErrBadCode)
		require.Nil(t, f)
	}
}

func TestTyped_NoFactorInUse(t *testing.T) {
	user := newUser(t)
	app, key := addTOTP(t, user)
	set, codes := addCodes(t, user)
	for _, f := range []*factor.Factor{app, set} {
		require.NoError(t, f.Remove(db, noon, 1))
	}
	for _, typed := range []string{totp.Code(key, next), codes[0]} {
		_, _, err := typeCode(t, user, typed)
		require.ErrorIs(t, err, factor.ErrBadCode)
	}
	_, peeked, err := typeCode(t, user, codes[0])
	require.ErrorAs(t, peeked, new(*ratelimit.Exceeded))
	require.ErrorAs(t, err, new(*ratelimit.Exceeded))
}

// A right code counts nothing. Beyond the limit, only a right recovery code is redeemed.
func TestTyped_WrongCodesAreCounted(t *testing.T) {
	user := newUser(t)
	_, key := addTOTP(t, user)
	_, codes := addCodes(t, user)
	_, _, err := typeCode(t, user, wrongCode(key))
	require.ErrorIs(t, err, factor.ErrBadCode)
	var pending []int
	require.NoError(t, db.RawQuery("SELECT pending FROM rate_limits WHERE id = ?", user.String()).All(&pending))
	require.Equal(t, []int{0}, pending, "is no longer in flight")
	_, _, err = typeCode(t, user, totp.Code(key, next))
	require.NoError(t, err)
	_, peeked, err := typeCode(t, user, "no code")
	require.NoError(t, peeked)
	require.ErrorIs(t, err, factor.ErrBadCode)

	for _, typed := range []string{totp.Code(key, next.Add(30*time.Second)), wrongCode(key), "no code"} {
		_, peeked, err := typeCode(t, user, typed)
		require.ErrorAs(t, peeked, new(*ratelimit.Exceeded), typed)
		require.ErrorAs(t, err, new(*ratelimit.Exceeded), typed)
	}
	_, peeked, err = typeCode(t, user, codes[0])
	require.NoError(t, errors.Join(peeked, err))
}
