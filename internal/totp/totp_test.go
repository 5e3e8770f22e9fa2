package totp_test

import (
	"encoding/base32"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/rangetable"
	"golang.org/x/text/unicode/runenames"

	"corral/internal/totp"
)

// key and vectors are from RFC 6238, appendix B, for SHA-1. vectors has the last six of the
// eight digits of each code there.
var (
	key     = []byte("12345678901234567890")
	vectors = map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	}
)

func TestCode_OfTheRFC(t *testing.T) {
	for seconds, want := range vectors {
		require.Equal(t, want, totp.Code(key, time.Unix(seconds, 0)))
	}
}

func TestMatch(t *testing.T) {
	for seconds, code := range vectors {
		first := seconds / 30 * 30
		for _, now := range []int64{first - 30, first, first + 29, first + 59} {
			step, ok := totp.Match(key, code, time.Unix(now, 0))
			require.True(t, ok, now)
			require.Equal(t, seconds/30, step, "the code's own step")
		}
		for _, now := range []int64{first - 31, first + 60, first - 270, first + 270, first - 3600, first + 3600} {
			step, ok := totp.Match(key, code, time.Unix(now, 0))
			require.False(t, ok, now)
			require.Zero(t, step)
		}
	}
}

func TestMatch_AsTyped(t *testing.T) {
	now := time.Unix(1234567890, 0)
	for typed, want := range map[string]bool{
		"005924":                   true,
		"005 924":                  true,
		" 0 0 5 9 2 4\r\n":         true,
		"005\u00a0924":             true,
		"005\u202f924":             true,
		"\u2068005\u2009924\u2069": true,
		"\ufeff005\u200b924":       true,
		"００５　９２４":                  true,
		"٠٠٥٩٢٤":                   true,
		"۰۰۵۹۲۴":                   true,
		"००५९२४":                   true,
		"𝟎𝟘𝟝𝟿𝟐𝟰":                   true,
		"005925":                   false,
		"5924":                     false,
		"0005924":                  false,
		"0059240":                  false,
		"005924005924":             false,
		"89005924":                 false,
		"-005924":                  false,
		"+5924":                    false,
		"００５９２５":                   false,
		"²²²²²²":                   false,
		"":                         false,
		"\x00\xff":                 false,
		strings.Repeat("0", 1<<16): false,
	} {
		_, ok := totp.Match(key, typed, now)
		require.Equal(t, want, ok, typed)
	}
}

// sixes[d] is a step whose code is the digit d six times.
var sixes = []int64{349495, 574232, 2988964, 81128, 311044, 1248555, 654412, 478073, 580751, 691}

func TestMatch_DigitsOfAllScripts(t *testing.T) {
	names := strings.Fields("ZERO ONE TWO THREE FOUR FIVE SIX SEVEN EIGHT NINE")
	digits := 0
	rangetable.Visit(unicode.Nd, func(r rune) {
		words := strings.Fields(runenames.Name(r))
		value := slices.Index(names, words[len(words)-1])
		require.NotEqual(t, -1, value, words)
		_, ok := totp.Match(key, strings.Repeat(string(r), 6), time.Unix(30*sixes[value], 0))
		require.True(t, ok, words)
		digits++
	})
	require.Greater(t, digits, 600)
}

// If two steps have the same code and the caller stored the first, an attacker could use
// the code again.
func TestMatch_ReturnsTheLastStepOfACode(t *testing.T) {
	const first = 910737 // a step whose code is the same as the next one's
	at := time.Unix(30*first, 0)
	code := totp.Code(key, at)
	require.Equal(t, code, totp.Code(key, at.Add(30*time.Second)))
	for _, now := range []time.Time{at, at.Add(30 * time.Second)} {
		step, ok := totp.Match(key, code, now)
		require.True(t, ok)
		require.EqualValues(t, first+1, step)
	}
}

// An attacker can compute the codes of an empty key.
func TestMatch_RejectsShortKeys(t *testing.T) {
	now := time.Unix(1234567890, 0)
	for _, wrong := range [][]byte{nil, {}, key[:19]} {
		_, ok := totp.Match(wrong, totp.Code(wrong, now), now)
		require.False(t, ok)
	}
}

func TestMatch_BeforeTheEpoch(t *testing.T) {
	for _, now := range []time.Time{{}, time.Unix(0, 0), time.Unix(-45, 0)} {
		_, ok := totp.Match(key, totp.Code(key, now), now)
		require.True(t, ok)
	}
}

func TestLooksLikeCode(t *testing.T) {
	for typed, want := range map[string]bool{
		"005924": true, "000 000": true, "٠٠٥ ٩٢٤": true, "００５９２４": true,
		"": false, "00592": false, "0059240": false, "00592A": false, "ABCD-2345-ABCD-2345-ABCD-2345": false, "2345-23": false, "²²²²²²": false,
	} {
		require.Equal(t, want, totp.LooksLikeCode(typed), typed)
	}
}

func TestNewKey(t *testing.T) {
	seen := map[string]bool{}
	var zeros, ones [20]byte // bits that were 0, and that were 1
	for range 1000 {
		key := totp.NewKey()
		require.Len(t, key, 20)
		require.False(t, seen[string(key)])
		seen[string(key)] = true
		for i, b := range key {
			zeros[i] |= ^b
			ones[i] |= b
		}
	}
	for i := range 20 {
		require.Equal(t, byte(255), zeros[i]&ones[i], "each of the 160 bits is random, byte %d", i)
	}
}

func TestText(t *testing.T) {
	text := totp.Text(key)
	require.Equal(t, "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ", text)
	decoded, err := base32.StdEncoding.DecodeString(strings.ReplaceAll(text, " ", ""))
	require.NoError(t, err)
	require.Equal(t, key, decoded)
}

func TestURI(t *testing.T) {
	const secret = "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer="
	require.Equal(t, "otpauth://totp/Corral:ada%40example.com"+secret+"Corral", totp.URI(key, "Corral", "ada@example.com"))
	require.Equal(t, "otpauth://totp/A%26B%20%2B%20C:ada%2Blist%40example.com"+secret+"A%26B%20%2B%20C", totp.URI(key, "A&B + C", "ada+list@example.com"))
	for _, issuer := range []string{"Corral", "A&B + C", "Ça / va?", "100% #1", "مرحبا", "厩舎", "a;b=c"} {
		for _, account := range []string{"ada@example.com", "ada@bücher.example", "josé@example.com", "a/b?c#d%41&e=f+g@example.com", "アダ@例え.jp", "o'brien@example.com"} {
			uri, err := url.Parse(totp.URI(key, issuer, account))
			require.NoError(t, err)
			require.Equal(t, "/"+issuer+":"+account, uri.Path)
			require.Equal(t, url.Values{"secret": {"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}, "issuer": {issuer}}, uri.Query())
		}
	}
}

// Authenticator apps take the text before the first colon for the issuer.
func TestURI_HasOneColon(t *testing.T) {
	uri, err := url.Parse(totp.URI(key, "Corral: test", `"a:b"@example.com`))
	require.NoError(t, err)
	require.Equal(t, `/Corral test:"ab"@example.com`, uri.Path)
	require.Equal(t, "Corral test", uri.Query().Get("issuer"))
}

func FuzzMatch(f *testing.F) {
	for seconds, code := range vectors {
		f.Add(code, seconds)
	}
	f.Add("٠٠٥ ９２４\xff", int64(-1))
	f.Fuzz(func(t *testing.T, typed string, seconds int64) {
		now := time.Unix(seconds, 0)
		step, ok := totp.Match(key, typed, now)
		if ok && !totp.LooksLikeCode(typed) {
			t.Errorf("%q matches but does not look like a code", typed)
		}
		if ok && (step < seconds/30-1 || step > seconds/30+1) {
			t.Errorf("step %d at %d", step, seconds)
		}
		if spaced, again := totp.Match(key, " "+typed+"\u202f", now); again != ok || spaced != step {
			t.Errorf("%q: spaces make a difference", typed)
		}
	})
}
