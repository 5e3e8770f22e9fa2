package models

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A login that stores the same password anew must not undo a reset that came
// while it was being hashed, nor pass for one.
func TestRehash_ResetMeanwhile(t *testing.T) {
	user, err := CreateUser(t.Context(), "rehash@example.com", "")
	require.NoError(t, err)
	t.Cleanup(func() { DB.Destroy(user) })
	require.NoError(t, user.SetPassword(t.Context(), "four random words work well"))
	before := *user
	require.NoError(t, before.rehash(t.Context(), "four random words work well"))
	stored, err := FindUserByEmail(t.Context(), "rehash@example.com")
	require.NoError(t, err)
	require.Equal(t, before.PasswordDigest, stored.PasswordDigest)
	require.True(t, user.UpdatedAt.Equal(stored.UpdatedAt), "no password was set")

	require.ErrorIs(t, user.rehash(t.Context(), "four random words work well"), ErrBadCredentials)
	after, err := FindUserByEmail(t.Context(), "rehash@example.com")
	require.NoError(t, err)
	require.Equal(t, stored.PasswordDigest, after.PasswordDigest)
}
