package models

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/stretchr/testify/require"
	"github.com/trustelem/zxcvbn"
	"github.com/trustelem/zxcvbn/frequency"

	"corral/config"
)

func TestHashPassword_OWASPFloor(t *testing.T) {
	digest, err := hashPassword(t.Context(), "four random words work well")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(digest, "$argon2id$v=19$m=19456,t=2,p=1$"), digest)
	params, salt, key, err := argon2id.DecodeHash(digest)
	require.NoError(t, err)
	require.Equal(t, hashParams, params)
	require.Len(t, salt, 16)
	require.Len(t, key, 32)
	again, err := hashPassword(t.Context(), "four random words work well")
	require.NoError(t, err)
	require.NotEqual(t, digest, again, "the salt repeats")
}

// An unknown address must cost what a known one costs.
func TestAbsentDigest_TodaysParameters(t *testing.T) {
	params, _, _, err := argon2id.DecodeHash(absentDigest)
	require.NoError(t, err)
	require.Equal(t, hashParams, params)
	match, outdated, err := verifyPassword(t.Context(), "", absentDigest)
	require.NoError(t, err)
	require.False(t, match)
	require.False(t, outdated)
}

func TestVerifyPassword_EveryCharacterCounts(t *testing.T) {
	password := strings.Repeat("Zażółć gęślą jaźń ", 7)[:120]
	digest, err := hashPassword(t.Context(), password)
	require.NoError(t, err)
	for typed, want := range map[string]bool{
		password:                  true,
		password + " ":            false,
		strings.ToLower(password): false,
		password[:72]:             false,
		password[:119]:            false,
		"":                        false,
	} {
		match, _, err := verifyPassword(t.Context(), typed, digest)
		require.NoError(t, err)
		require.Equal(t, want, match, "%q", typed)
	}
}

func TestVerifyPassword_AbsurdParameters(t *testing.T) {
	for _, digest := range []string{
		"$argon2id$v=19$m=4294967295,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=19456,t=4294967295,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$2a$10$notargon2id", "",
	} {
		_, _, err := verifyPassword(t.Context(), "x", digest)
		require.Error(t, err, digest)
	}
}

// One hash per core: the next one waits for its turn, and gives up with its request.
func TestHashing_OnePerCore(t *testing.T) {
	var release []func()
	for range cap(hashing) {
		done, err := waitToHash(t.Context())
		require.NoError(t, err)
		release = append(release, done)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := hashPassword(gone, "x")
	require.ErrorIs(t, err, ErrBusy)
	require.True(t, Unavailable(err))

	got := make(chan error, 1)
	go func() {
		_, err := hashPassword(t.Context(), "x")
		got <- err
	}()
	for _, done := range release {
		done()
	}
	require.NoError(t, <-got)
}

// A rush begins with the first hash, and is over a while after the last.
func TestHashing_Rush(t *testing.T) {
	told := make(chan bool, 10)
	OnRush, calmAfter, hashes = func(rush bool) { told <- rush }, time.Millisecond, newRush()
	t.Cleanup(func() { OnRush, calmAfter, hashes = func(bool) {}, time.Second, newRush() })
	for range 2 {
		first, err := waitToHash(t.Context())
		require.NoError(t, err)
		require.True(t, <-told)
		hashes.begin() // another core's
		first()
		hashes.over() // a timer that was late
		require.Empty(t, told, "the other still runs")
		hashes.end()
		require.False(t, <-told)
	}
}

func TestCheckPassword(t *testing.T) {
	for typed, problem := range map[string]string{
		"":                                   "password.too_short",
		"Tr0ub4dor&3":                        "password.too_short",
		strings.Repeat("é", 14):              "password.too_short",
		"    ":                               "password.too_short",
		"Passwordpassword":                   "password.guessable_common",
		"1234567890123456":                   "password.guessable_common",
		"asdfghjklpoiuytr":                   "password.guessable_keys",
		"zaq1xsw2cde3vfr4":                   "password.guessable_common",
		"aaaaaaaaaaaaaaaaaaaa":               "password.guessable_repeat",
		strings.Repeat("é", 40):              "password.guessable_repeat",
		strings.Repeat("漢字", 20):             "password.guessable_repeat",
		strings.Repeat("🐎🧲🦩", 10):            "password.guessable_repeat",
		"abcdefghijklmnop":                   "password.guessable_sequence",
		"fedcba9876543210":                   "password.guessable_sequence",
		"november21.11.1987":                 "password.guessable_date",
		"internationalization":               "password.guessable_word",
		"ada@example.com1":                   "password.guessable_personal",
		strings.Repeat("saddle", 8):          "password.guessable_repeat",
		"four random words\x00":              "password.unusable",
		"four random words\xff":              "password.unusable",
		"four random words\n":                "password.unusable",
		strings.Repeat("x9 ", 43):            "password.too_long", // 129 characters
		"four random words work well":        "",
		"correct horse battery staple gravy": "",
		"все слова случайны вполне":  "",
		"漢字仮名交じり文で書く合言葉":             "password.too_short",
		"漢字仮名交じり文で書く長い合言葉":           "",
		"🐎 battery 🧲 staple 🦩 orbit": "",
	} {
		prepared, got := CheckPassword(typed, "ada@example.com")
		require.Equal(t, problem, got, "%q", typed)
		require.Equal(t, problem == "", prepared != "", "%q", typed)
	}
	long := strings.Repeat("k7 jolly ", 15)[:128]
	_, problem := CheckPassword(long, "ada@example.com")
	require.Empty(t, problem, "128 characters are allowed")
}

// The lists are given back; what was in each of them is still known.
func TestGuessable_DictionariesWithoutTheirLists(t *testing.T) {
	require.Empty(t, frequency.FrequencyLists)
	for word, list := range map[string]string{
		"pantera": "passwords", "widely": "english_wikipedia", "adeline": "female_names",
		"pittman": "surnames", "beyond": "us_tv_and_film", "silas": "male_names",
	} {
		sequence := zxcvbn.PasswordStrength(word, nil).Sequence
		require.Len(t, sequence, 1, word)
		require.Equal(t, list, sequence[0].DictionaryName, word)
	}
}

// Counted in characters, not in bytes, as the person counts.
func TestCheckPassword_CountsCharacters(t *testing.T) {
	_, problem := CheckPassword(strings.Repeat("𐍈µ漢é", 32), "ada@example.com") // 128 characters, 320 bytes
	require.NotEqual(t, "password.too_long", problem)
	require.NotEqual(t, "password.unusable", problem)
}

// RFC 8265: however a keyboard composes an é, it is the same password.
func TestPreparePassword_OpaqueString(t *testing.T) {
	composed, ok := preparePassword("caf\u00e9 \u00a0 au lait")
	require.True(t, ok)
	decomposed, ok := preparePassword("cafe\u0301 \u00a0 au lait")
	require.True(t, ok)
	require.Equal(t, composed, decomposed)
	require.NotContains(t, composed, "\u00a0", "a non-ASCII space becomes a space")
	upper, _ := preparePassword("Café")
	lower, _ := preparePassword("café")
	require.NotEqual(t, upper, lower)
}

func TestPasswordMin_IsConfigured(t *testing.T) {
	was := settings
	t.Cleanup(func() { settings = was })
	settings = config.Config{PasswordMin: 8, Host: was.Host}
	_, problem := CheckPassword("v9#Tq!x", "ada@example.com")
	require.Equal(t, "password.too_short", problem)
	_, problem = CheckPassword("v9#Tq!xZ$", "ada@example.com")
	require.Empty(t, problem)
}

func TestClock_MovesAndResets(t *testing.T) {
	t.Cleanup(Clock.Reset)
	before := Clock.Now()
	Clock.Move(time.Hour)
	require.GreaterOrEqual(t, Clock.Now().Sub(before), time.Hour)
	Clock.Reset()
	require.Less(t, Clock.Now().Sub(before), time.Hour)
	require.Equal(t, time.UTC, Clock.Now().Location())
}

// What is beyond ASCII is neither a word nor a sequence by how it is judged.
func TestCheckPassword_ContextBeyondASCII(t *testing.T) {
	_, problem := CheckPassword("zoë@bücher.example", "zoë@bücher.example")
	require.Equal(t, "password.guessable_personal", problem)
	_, problem = CheckPassword("абвгдежзийклмноп", "ada@example.com")
	require.Empty(t, problem)
}

// BenchmarkCheckPassword_Hostile is what the worst passwords that were found
// cost: whoever holds a link may try as many as they like.
func BenchmarkCheckPassword_Hostile(b *testing.B) {
	for name, typed := range map[string]string{
		"every substitution": "4@8({[<3690$5!1|7+%2xz4@8({[<3690$5!1|7+%2xz",
		"found by searching": "{591s7e6g|!s..|495$1 t0i-x2(b710!10|0z!$/9{$@@9o3c!8+30{ [0<(11.",
		"dates":              strings.Repeat("11/1.1-1", 16),
		"one letter":         strings.Repeat("a", 128),
		"usual":              "four random words work well",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				CheckPassword(typed, "ada@example.com")
			}
		})
	}
}
