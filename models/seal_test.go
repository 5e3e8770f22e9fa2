package models

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/config"
)

// secrets are the process's for the length of a test.
func secrets(t *testing.T, values ...string) {
	usual := settings.SessionSecrets
	t.Cleanup(func() { settings.SessionSecrets = usual })
	settings.SessionSecrets = values
}

func TestSeal(t *testing.T) {
	secrets(t, config.NewSecret())
	rawToken := newRawToken()
	sealed := seal(rawToken)
	require.NotContains(t, string(sealed), rawToken)
	opened, err := unseal(sealed)
	require.NoError(t, err)
	require.Equal(t, rawToken, opened)
	require.NotEqual(t, sealed, seal(rawToken), "nobody sees that two are alike")
}

// Whoever can write to the table still cannot choose what a link says.
func TestSeal_Tampered(t *testing.T) {
	secrets(t, config.NewSecret(), config.NewSecret())
	sealed := seal(newRawToken())
	for i := range sealed {
		forged := bytes.Clone(sealed)
		forged[i] ^= 1
		_, err := unseal(forged)
		require.Error(t, err, "byte %d", i)
		_, err = unseal(sealed[:i])
		require.Error(t, err, "%d bytes", i)
	}
	_, err := unseal(append(sealed, 0))
	require.Error(t, err)
}

func TestSeal_RotatedSecret(t *testing.T) {
	old, fresh := config.NewSecret(), config.NewSecret()
	secrets(t, old)
	sealed := seal("token")
	settings.SessionSecrets = []string{fresh, old}
	opened, err := unseal(sealed)
	require.NoError(t, err)
	require.Equal(t, "token", opened)

	newest := seal("token")
	settings.SessionSecrets = []string{fresh}
	_, err = unseal(newest)
	require.NoError(t, err, "the first secret seals")
	_, err = unseal(sealed)
	require.EqualError(t, err, "a sealed token cannot be opened: was its secret retired?")
}

// The key serves this purpose alone.
func TestSeal_KeyOfItsOwn(t *testing.T) {
	secret := config.NewSecret()
	require.NotEqual(t, config.DeriveKey(secret, "mail tokens"), config.DeriveKey(secret, "throttle subjects"))
	one, other := sealer(secret), sealer(config.NewSecret())
	nonce := make([]byte, one.NonceSize())
	_, err := other.Open(nil, nonce, one.Seal(nil, nonce, []byte("token"), nil), nil)
	require.Error(t, err)
}
