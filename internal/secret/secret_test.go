package secret_test

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"sync"
	"testing"

	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/internal/secret"
)

func TestNew(t *testing.T) {
	one, two := secret.New(), secret.New()
	require.NotEqual(t, one, two)
	require.Regexp(t, `^[0-9a-f]{64}$`, one)
	require.Empty(t, secret.Weakness(one))
}

func TestWeakness(t *testing.T) {
	const good = "3f1d0a9c5b7e4826a1c3e5f708192b4d"
	for text, want := range map[string]string{
		good:                                  "",
		good + good:                           "", // a block of 32 bytes may repeat
		good[:17] + good[:15]:                 "", // less than half repeats
		good[:16] + " " + good[16:]:           "", // words
		good[1:]:                              "is shorter than 32 bytes",
		"":                                    "is shorter than 32 bytes",
		strings.Repeat("abc", 20):             "can be guessed",
		strings.Repeat("abcdefgh", 4):         "repeats a short pattern",
		strings.Repeat("abcdefgh", 50):        "repeats a short pattern",
		good[:16] + good[:16]:                 "repeats a short pattern",
		strings.Repeat("abcdefgh", 5) + "abc": "repeats a short pattern",
		"zxwv" + strings.Repeat("password", 4) + "1234": "repeats a short pattern",
		"0123456789abcdefghijklmnopqrstuvwxyzABCDEF":    "is a sequence",
		"zyxwvutsrqponmlkjihgfedcba" + good[:6]:         "is a sequence",
		strings.Repeat("buffalo-secret", 4):             "is an example",
		"replace-this-by-the-output-of-task-secret":     "is an example",
	} {
		require.Equal(t, want, secret.Weakness(text), text)
	}
}

func TestNewToken_NeverRepeats(t *testing.T) {
	var drawn sync.Map
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			for range 10_000 {
				rawToken := secret.NewToken()
				raw, err := base64.RawURLEncoding.DecodeString(rawToken)
				if _, again := drawn.LoadOrStore(rawToken, true); err != nil || len(raw) != 32 || again {
					t.Errorf("%q: %v, %v", rawToken, err, again)
				}
			}
		})
	}
	all.Wait()
	var zeros, ones [32]byte // bits that were 0, and that were 1
	drawn.Range(func(rawToken, _ any) bool {
		raw, _ := base64.RawURLEncoding.DecodeString(rawToken.(string))
		for i, b := range raw {
			zeros[i] |= ^b
			ones[i] |= b
		}
		return true
	})
	for i := range 32 {
		require.Equal(t, byte(255), zeros[i]&ones[i], "each of the 256 bits is random, byte %d", i)
	}
}

// The database must contain a digest that an attacker cannot use as a token.
func TestTokenDigest_IsSHA256(t *testing.T) {
	for rawToken, want := range map[string]string{ // computed by sha256sum
		"a": "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8": "ea866a757e4c38babfa8127cbe9a409d3e1f93a00ff1488ff735fcf917afffd0",
	} {
		require.Equal(t, want, hex.EncodeToString(secret.TokenDigest(rawToken)))
	}
}

func TestNewTokenOf(t *testing.T) {
	id := uuid.Must(uuid.NewV7())
	one, two := secret.NewTokenOf(id), secret.NewTokenOf(id)
	require.NotEqual(t, one, two)
	require.Equal(t, id, secret.IDInToken(one))
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(one, id.String()+"."))
	require.NoError(t, err)
	require.Len(t, raw, 32)
	for _, wrong := range []string{"", ".", "x." + one, secret.NewToken()} {
		require.Equal(t, uuid.Nil, secret.IDInToken(wrong))
	}
}
