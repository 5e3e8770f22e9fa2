package models

import (
	"net/url"
	"testing"
	"time"

	"corral/config"
	"corral/internal/password"

	"github.com/gobuffalo/pop/v6"
	"github.com/stretchr/testify/require"
)

// A rehash must not replace a password digest that was stored meanwhile, nor let a login with
// the earlier password succeed.
func TestRehash_ResetMeanwhile(t *testing.T) {
	user, err := CreateUser(t.Context(), "rehash@example.com", "")
	require.NoError(t, err)
	t.Cleanup(func() { DB.Destroy(user) })
	require.NoError(t, user.SetPassword(t.Context(), "four random words work well"))
	require.NoError(t, user.rehash(t.Context(), password.Place{}, "four random words work well"))
	stored, err := FindUserByEmail(t.Context(), "rehash@example.com")
	require.NoError(t, err)
	require.NotEqual(t, user.PasswordDigest, stored.PasswordDigest)
	require.True(t, user.UpdatedAt.Equal(stored.UpdatedAt), "no password was set")

	require.NoError(t, stored.SetPassword(t.Context(), "an entirely new set of words"))
	require.NoError(t, user.rehash(t.Context(), password.Place{}, "four random words work well"))
	after, err := FindUserByEmail(t.Context(), "rehash@example.com")
	require.NoError(t, err)
	require.Equal(t, stored.PasswordDigest, after.PasswordDigest)
	_, err = StartSession(t.Context(), user, Client{}, Session{})
	require.ErrorIs(t, err, ErrBadCredentials)
	require.ErrorIs(t, inTransaction(t.Context(), func(tx *pop.Connection) error { return user.lock(tx, loginLock) }), ErrBadCredentials, "it gets no second step")
}

func TestCheckPassword_Configuration(t *testing.T) {
	usual := settings
	use := func(c config.Config) {
		db := DB
		require.NoError(t, connect(c, func(string) (*pop.Connection, error) { return db, nil }))
	}
	t.Cleanup(func() { use(usual) })
	c := settings
	c.PasswordMin, c.Host = 9, &url.URL{Scheme: "https", Host: "login.example.net:8443"}
	use(c)
	_, messageKey := PasswordPolicy.Check("v9#Tq!xZ", "ada@example.com")
	require.Equal(t, "password.too_short", messageKey)
	normalized, messageKey := PasswordPolicy.Check("v9#Tq!xZ$", "ada@example.com")
	require.Empty(t, messageKey)
	require.Equal(t, "v9#Tq!xZ$", normalized)
	for _, typed := range []string{"login.example.net-24", "corral v9#Tq"} {
		_, messageKey = PasswordPolicy.Check(typed, "ada@example.com")
		require.Equal(t, "password.guessable_personal", messageKey, typed)
	}
}

func TestPasswordSince(t *testing.T) {
	Clock.Stop()
	t.Cleanup(Clock.Reset)
	user, err := CreateUser(t.Context(), "since@example.com", "")
	require.NoError(t, err)
	t.Cleanup(func() { DB.Destroy(user) })
	for range 3 {
		since, err := user.PasswordSince(t.Context())
		require.NoError(t, err)
		require.True(t, Clock.Now().Equal(since), "%s at %s", since, Clock.Now())
		Clock.Move(time.Hour)
		require.NoError(t, user.ChangePassword(t.Context(), "four random words work well", Client{}))
	}
}
