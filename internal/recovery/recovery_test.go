package recovery_test

import (
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/recovery"
)

func TestNew_RecoveryCode(t *testing.T) {
	seen := map[string]bool{}
	type place struct {
		at        int
		character rune
	}
	drawn := map[place]bool{}
	for range 1000 {
		code := recovery.New()
		require.Regexp(t, `^[A-Z2-7]{4}(-[A-Z2-7]{4}){5}$`, code)
		require.Equal(t, strings.ReplaceAll(code, "-", ""), recovery.Normalize(code))
		require.False(t, seen[code])
		seen[code] = true
		for at, r := range code {
			drawn[place{at, r}] = true
		}
	}
	require.Equal(t, 24*32+5, len(drawn), "each character is any of base32, but for five hyphens")
}

func TestNormalize_RecoveryCode(t *testing.T) {
	const want = "K3QA7XJMOIBLABCDEFGH2345"
	for _, typed := range []string{
		"K3QA-7XJM-OIBL-ABCD-EFGH-2345",
		want,
		"k3qa7xjmoiblabcdefgh2345",
		" k3qa 7xjm\toibl\u00a0abcd\u202fefgh 2345\r\n",         // kinds of spaces
		"K3QA–7XJM—OIBL‑ABCD_EFGH.2345",                         // kinds of hyphens
		"K3QA-7XJM-018L-A8CD-EFGH-2345",                         // base32 has no 0, 1 and 8: they are O, I and B
		"Ｋ３ＱＡ－７ＸＪＭ－０１８Ｌ－ａｂｃｄ－ｅｆｇｈ　２３４５",                         // typed with a Japanese keyboard
		"\u2066\ufeffK3QA-7XJM\u200b-OIBL-ABCD-EFGH-2345\u2069", // pasted with invisible characters
	} {
		require.Equal(t, want, recovery.Normalize(typed), typed)
	}
	for _, typed := range []string{"", "-", "9", "\x00\xff", "٠١٢", "é"} {
		require.Empty(t, recovery.Normalize(typed), typed)
	}
}

func TestDigest(t *testing.T) {
	sum := sha256.Sum256([]byte("K3QA7XJMOIBLABCDEFGH2345"))
	require.Equal(t, sum[:], recovery.Digest("K3QA-7XJM-OIBL-ABCD-EFGH-2345"))
	require.Equal(t, sum[:], recovery.Digest("k3qa 7xjm oibl abcd efgh 2345"), "as typed")
	require.NotEqual(t, sum[:], recovery.Digest("K3QA-7XJM-OIBL-ABCD-EFGH-2346"))
}

func FuzzNormalize(f *testing.F) {
	for _, typed := range []string{recovery.New(), "k3qa 018l", "Ｋ３ＱＡ－７", "ıſ\xff\u212a"} {
		f.Add(typed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		code := recovery.Normalize(typed)
		if strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
			t.Errorf("%q is not base32", code)
		}
		if recovery.Normalize(strings.ToLower(code)+" -") != code {
			t.Errorf("%q: case or separators make a difference", typed)
		}
	})
}
