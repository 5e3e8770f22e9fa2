package password

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"github.com/trustelem/zxcvbn"
	"github.com/trustelem/zxcvbn/frequency"
	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
)

var policy = Policy{Min: 15, Words: []string{"localhost", "corral"}}

func TestPolicy_Check(t *testing.T) {
	for typed, key := range map[string]string{
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
		"{hara<teristi(ally":                 "password.guessable_word", // each bracket is a c
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
		normalized, got := policy.Check(typed, "ada@example.com")
		require.Equal(t, key, got, "%q", typed)
		require.Equal(t, key == "", normalized != "", "%q", typed)
	}
	long := strings.Repeat("k7 jolly ", 15)[:128]
	_, key := policy.Check(long, "ada@example.com")
	require.Empty(t, key, "128 characters are allowed")
}

func TestPolicy_RefusesPartsOfTheEmail(t *testing.T) {
	for email, passwords := range map[string][]string{
		"maximilian.mustermann@example.org": {"maximilianmustermann", "mustermann.maximilian", "maximilian1985mustermann",
			"Mustermann-Maximilian!", "M4ximilian.Mustermann", "maximilian.maximilian", "mustermann, example, org", "mustermann.example.maximilian"},
		"anna.schmidt-berger42@firma.example":   {"annaschmidtberger", "anna schmidt berger 2024", "firma.example.firma", "berger.anna.schmidt"},
		"anna.schmidtberger+shop@firma.example": {"annaschmidtberger1!", "firma/anna/schmidtberger"},
		"zoë.müller@xn--bcher-kva.example":      {"bücher.example.bücher", "müller zoë bücher"},
		"ada@example.com":                       {"corral.localhost.corral", "localhost example corral"},
	} {
		for _, typed := range passwords {
			_, key := policy.Check(typed, email)
			require.Contains(t, key, "password.guessable", "%q for %s", typed, email)
		}
	}
	for email, typed := range map[string]string{
		"maximilian.mustermann@example.org":   "maximilian likes gravy on battery staples",
		"anna.schmidt-berger42@firma.example": "annaschmidtberger v9#Tq!xZ$k",
		"random@horse.com":                    "four random words work well",
		"battery.horse@staple.com":            "correct horse battery staple gravy",
		"art.is.tom@com.net":                  "tomatoes comfort an artist in Vienna",
		"a.b.c@d.e":                           "four random words work well",
		"":                                    "four random words work well",
	} {
		_, key := policy.Check(typed, email)
		require.Empty(t, key, "%q for %s", typed, email)
	}
}

// Check frees zxcvbn's word lists. zxcvbn must have a copy of each.
func TestPolicy_FreedListsAreStillKnown(t *testing.T) {
	policy.Check("four random words work well", "ada@example.com")
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

// Check judges only the first 32 characters: zxcvbn's time grows faster than the length.
func TestPolicy_JudgesTheFirst32Characters(t *testing.T) {
	const strong = "v9#Tq!xZ$kW2 mule orbit"
	_, key := policy.Check(strong, "ada@example.com")
	require.Empty(t, key)
	_, key = policy.Check(strings.Repeat("a", judgedCharacters)+strong, "ada@example.com")
	require.Equal(t, "password.guessable_repeat", key)
	_, key = policy.Check(strings.Repeat("é", judgedCharacters)+strong, "ada@example.com")
	require.Equal(t, "password.guessable_repeat", key, "characters, not bytes")
	require.Equal(t, 32, judgedCharacters)
}

func TestPolicy_CountsCharacters(t *testing.T) {
	_, key := policy.Check(strings.Repeat("𐍈µ漢é", 32), "ada@example.com") // 128 characters, 320 bytes
	require.NotEqual(t, "password.too_long", key)
	require.NotEqual(t, "password.unusable", key)
}

// Keyboards send é as one character or two. OpaqueString (RFC 8265) makes both equal.
func TestNormalize_OpaqueString(t *testing.T) {
	composed, ok := Normalize("caf\u00e9 \u00a0 au lait")
	require.True(t, ok)
	decomposed, ok := Normalize("cafe\u0301 \u00a0 au lait")
	require.True(t, ok)
	require.Equal(t, composed, decomposed)
	require.NotContains(t, composed, "\u00a0", "a non-ASCII space becomes an ASCII space")
	upper, _ := Normalize("Café")
	lower, _ := Normalize("café")
	require.NotEqual(t, upper, lower)
}

func TestNormalize_AtMost2048Bytes(t *testing.T) {
	for bytes, want := range map[int]bool{2048: true, 2049: false} {
		_, ok := Normalize(strings.Repeat("x", bytes))
		require.Equal(t, want, ok, bytes)
	}
}

// Some keyboards send a letter in parts: a syllable of Hangul in up to three.
func TestPolicy_CountsLettersNotParts(t *testing.T) {
	hangul := ""
	for i := range 128 {
		hangul += string(rune(0xac01 + (i*i*97+i*1231)%11000))
	}
	composed, key := policy.Check(hangul, "ada@example.com")
	require.Empty(t, key)
	parts := norm.NFD.String(hangul)
	require.Greater(t, len(parts), 900)
	decomposed, key := policy.Check(parts, "ada@example.com")
	require.Empty(t, key)
	require.Equal(t, composed, decomposed)
	_, key = policy.Check(strings.Repeat("x9 ", 1000), "ada@example.com")
	require.Equal(t, "password.too_long", key)
}

func TestNormalize_Emoji(t *testing.T) {
	for typed, want := range map[string]string{
		"❤️":                    "❤", // has a variation selector, as from most keyboards
		"❤":                     "❤",
		"1️⃣ #️⃣":               "1\u20e3 #\u20e3",
		"☝️👍🏽":                  "☝👍🏽",
		"👨‍👩‍👧‍👦":               "👨‍👩‍👧‍👦",
		"👩🏽‍💻🏳️‍🌈":              "👩🏽‍💻🏳‍🌈",
		"🇩🇪🏴󠁧󠁢󠁥󠁮󠁧󠁿":             "🇩🇪🏴󠁧󠁢󠁥󠁮󠁧󠁿",
		"🙂‍↔️ℹ️‼️":              "🙂‍↔ℹ‼",
		"\U0001FAE9":            "\U0001FAE9", // a character of Unicode 16
		"clave·segura":          "clave·segura",
		"کار\u200cها":           "کار\u200cها",
		"ســـر":                 "ســـر", // tatweel, a key of Arabic keyboards
		"いろ〱〻":                  "いろ〱〻",
		"র\u200d্য":             "র\u200d্য",
		"ರ\u200d್ಯಾಂಕ್":         "ರ\u200d್ಯಾಂಕ್",
		"a\ufe0f":               "", // a is no emoji
		"❤\ufe0f\ufe0f":         "",
		"\ufe0f":                "",
		"a\u200db":              "",
		"❤\u200d":               "",
		"❤\u200da":              "",
		"❤\U000E0067\U000E007F": "",
		"a\u200bb":              "",
		"a\u2060b":              "",
		"\u3164":                "",
		"\ue000":                "",
		"\u0378":                "", // unassigned
	} {
		got, ok := Normalize(typed)
		require.Equal(t, want, got, "%+q", typed)
		require.Equal(t, want != "", ok, "%+q", typed)
	}
	normalized, key := policy.Check("❤️ my two cats, 1️⃣ and 2️⃣ 👨‍👩‍👧", "ada@example.com")
	require.Empty(t, key)
	require.Contains(t, normalized, "👨‍👩‍👧")
}

// Stored digests depend on Normalize. It must be idempotent, and agree with RFC 8265 on
// passwords that RFC 8265 accepts.
func FuzzNormalize(f *testing.F) {
	for _, seed := range []string{"cafe\u0301 \u00a0", "❤️👨‍👩‍👧", "=\ufe0f\u0338", "\U0001d15e\u200d☺", "‼️", "·l·l"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		once, ok := Normalize(typed)
		if opaque, err := precis.OpaqueString.String(typed); err == nil && len(typed) <= 2048 && utf8.ValidString(typed) {
			require.True(t, ok, "%+q", typed)
			require.Equal(t, opaque, once, "%+q", typed)
		}
		if !ok {
			return
		}
		again, ok := Normalize(once)
		require.True(t, ok, "%+q is refused the second time", once)
		require.Equal(t, once, again, "%+q", typed)
	})
}

func TestPolicy_Min(t *testing.T) {
	policy := Policy{Min: 8}
	_, key := policy.Check("v9#Tq!x", "ada@example.com")
	require.Equal(t, "password.too_short", key)
	_, key = policy.Check("v9#Tq!xZ$", "ada@example.com")
	require.Empty(t, key)
}

func TestPolicy_Words(t *testing.T) {
	_, key := policy.Check("login.example.net-24", "ada@example.com")
	require.Empty(t, key)
	policy := Policy{Min: 15, Words: []string{"login.example.net"}}
	_, key = policy.Check("login.example.net-24", "ada@example.com")
	require.Equal(t, "password.guessable_personal", key)
}

// Each part of this email is shorter than minPart. Its halves, before and after the @, are not.
func TestPolicy_WholeEmailAndItsHalves(t *testing.T) {
	const email = "x7-q9.k3_z8@c3.d4.e5.f6"
	for _, typed := range []string{email + "1", "x7-q9.k3_z8-2024", "c3.d4.e5.f6-2024"} {
		_, key := policy.Check(typed, email)
		require.Equal(t, "password.guessable_personal", key, typed)
		_, key = policy.Check(typed, "ada@example.com")
		require.NotEqual(t, "password.guessable_personal", key, typed)
	}
	_, key := policy.Check("qizuwyxobaqizuwyxoba", "qi.zu.wy.xo.ba@example.com")
	require.Equal(t, "password.guessable_personal", key, "short parts, joined")
}

func TestPolicy_JudgesNonASCIIWords(t *testing.T) {
	_, key := policy.Check("zoë@bücher.example", "zoë@bücher.example")
	require.Equal(t, "password.guessable_personal", key)
	_, key = policy.Check("абвгдежзийклмноп", "ada@example.com")
	require.Empty(t, key, "what newLegible puts in place of the letters is no sequence")
}

// BenchmarkPolicy_CheckHostile measures the slowest known passwords. An attacker with a
// sign-up link can submit any number of them.
func BenchmarkPolicy_CheckHostile(b *testing.B) {
	for name, typed := range map[string]string{
		"every substitution": "4@8({[<3690$5!1|7+%2xz4@8({[<3690$5!1|7+%2xz",
		"found by a search":  "{591s7e6g|!s..|495$1 t0i-x2(b710!10|0z!$/9{$@@9o3c!8+30{ [0<(11.",
		"dates":              strings.Repeat("11/1.1-1", 16),
		"one letter":         strings.Repeat("a", 128),
		"usual":              "four random words work well",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				policy.Check(typed, "ada@example.com")
			}
		})
	}
}
