package secret_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/secret"
)

func newRing(secrets ...string) secret.Ring { return secret.NewRing("test", secrets) }

func TestRing_Key(t *testing.T) {
	const one, other = "3f1d0a9c5b7e4826a1c3e5f708192b4d", "b4d29180f7e5c3a16284e7b5c9a0d1f3"
	key := newRing(one).Key("one")
	require.Len(t, key, 32)
	require.Equal(t, key, newRing(one).Key("one"))
	require.NotEqual(t, key, newRing(one).Key("two"), "no key serves two purposes")
	require.NotEqual(t, key, newRing(other).Key("one"))
	require.NotEqual(t, key, secret.NewRing("another app", []string{one}).Key("one"))

	require.Equal(t, "03d91e866fe4bc9cdb895f8f69741a55fda82e02b4ab4bf024e632fe566ed4c9", hex.EncodeToString(key), "computed by another implementation of HKDF")

	require.Equal(t, key, newRing(one, other).Key("one"), "the key is the first secret's")
	require.Equal(t, [][]byte{key, newRing(other).Key("one")}, newRing(one, other).Keys("one"))
}

// If keys changed, values that were sealed or digested before could not be read.
func TestRing_KeyIsStable(t *testing.T) {
	ring := newRing("3f1d0a9c5b7e4826a1c3e5f708192b4d")
	require.Equal(t, "H4whpmbQZVDWILU6S08cBuNo1hso_rvxo-d-7khQcsw", ring.Digest("rate limits", "ada@example.com"))
}

func TestRing_Seal(t *testing.T) {
	ring := newRing(secret.New())
	rawToken := []byte(secret.NewToken())
	sealed := ring.Seal("tokens", rawToken)
	require.NotContains(t, string(sealed), string(rawToken))
	opened, err := ring.Open("tokens", sealed)
	require.NoError(t, err)
	require.Equal(t, rawToken, opened)
	require.NotEqual(t, sealed, ring.Seal("tokens", rawToken), "equal values are sealed differently")

	block, err := aes.NewCipher(ring.Key("tokens")) // AES-256: of 32 bytes
	require.NoError(t, err)
	gcm, err := cipher.NewGCM(block)
	require.NoError(t, err)
	opened, err = gcm.Open(nil, sealed[:12], sealed[12:], nil)
	require.NoError(t, err)
	require.Equal(t, rawToken, opened)
}

func TestRing_OpenRejectsTamperedValues(t *testing.T) {
	ring := newRing(secret.New(), secret.New())
	sealed := ring.Seal("tokens", []byte(secret.NewToken()))
	for i := range sealed {
		forged := bytes.Clone(sealed)
		forged[i] ^= 1
		_, err := ring.Open("tokens", forged)
		require.Error(t, err, "byte %d", i)
		_, err = ring.Open("tokens", sealed[:i])
		require.Error(t, err, "%d bytes", i)
	}
	_, err := ring.Open("tokens", append(sealed, 0))
	require.Error(t, err)
}

func TestRing_OpensValuesOfOlderSecrets(t *testing.T) {
	old, fresh := secret.New(), secret.New()
	sealed := newRing(old).Seal("tokens", []byte("token"))
	rotated := newRing(fresh, old)
	opened, err := rotated.Open("tokens", sealed)
	require.NoError(t, err)
	require.Equal(t, "token", string(opened))

	newest := rotated.Seal("tokens", []byte("token"))
	_, err = newRing(fresh).Open("tokens", newest)
	require.NoError(t, err, "the first secret seals")
	_, err = rotated.Open("tokens", newest)
	require.NoError(t, err)
	_, err = newRing(fresh).Open("tokens", sealed)
	require.EqualError(t, err, "a sealed value cannot be opened: its secret is unknown to this process")
}

func TestRing_KeyServesOnePurpose(t *testing.T) {
	ring := newRing(secret.New())
	sealed := ring.Seal("mail tokens", []byte("token"))
	_, err := ring.Open("rate limits", sealed)
	require.Error(t, err)
	_, err = newRing(secret.New()).Open("mail tokens", sealed)
	require.Error(t, err)
}

func TestRing_Digest(t *testing.T) {
	old, fresh := secret.New(), secret.New()
	digest := newRing(old).Digest("subjects", "ada@example.com")
	require.Len(t, digest, 43)
	require.Equal(t, digest, newRing(old).Digest("subjects", "ada@example.com"))
	require.NotEqual(t, digest, newRing(old).Digest("subjects", "bob@example.com"))
	require.NotEqual(t, digest, newRing(old).Digest("tokens", "ada@example.com"))
	rotated := newRing(fresh, old)
	require.Equal(t, []string{rotated.Digest("subjects", "ada@example.com"), digest}, rotated.Digests("subjects", "ada@example.com"))
	require.NotEqual(t, digest, rotated.Digest("subjects", "ada@example.com"), "the digest is the first secret's")
}

func TestRing_Pairs(t *testing.T) {
	ring := secret.NewRing("app", []string{"one", "two"})
	authentication, encryption := ring.Keys("cookie, authentication"), ring.Keys("cookie, encryption")
	require.Equal(t, [][]byte{authentication[0], encryption[0], authentication[1], encryption[1]}, ring.Pairs("cookie"))
}

func TestRing_For(t *testing.T) {
	ring := secret.NewRing("app", []string{secret.New()})
	seal, open := ring.For("mails")
	plain, err := open(ring.Seal("mails", []byte("text")))
	require.NoError(t, err)
	require.Equal(t, "text", string(plain))
	plain, err = ring.Open("mails", seal([]byte("text")))
	require.NoError(t, err)
	require.Equal(t, "text", string(plain))
	_, err = open(ring.Seal("cookies", []byte("text")))
	require.Error(t, err)
}
