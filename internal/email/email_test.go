package email_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/rangetable"

	"corral/internal/email"
)

func TestNormalize(t *testing.T) {
	for typed, want := range map[string]string{
		"ada@example.com":                          "ada@example.com",
		"  Ada@Example.COM\n":                      "ada@example.com",
		"ada+list@example.com":                     "ada+list@example.com",
		"ada@bücher.example":                       "ada@xn--bcher-kva.example",
		"ada@BÜCHER.example":                       "ada@xn--bcher-kva.example",
		"josé@example.com":                         "josé@example.com",
		"jose\u0301@example.com":                   "josé@example.com",
		"J\u030can@example.com":                    "\u01f0an@example.com",
		"\u03aa\u0301@example.com":                 "\u0390@example.com",
		"ada@localhost":                            "ada@localhost",
		"\u212Aarl@example.com":                    "",                   // the Kelvin sign must not become k
		"ada@\u212Aelvin.example":                  "",                   // the Kelvin sign in a domain
		"\u0130@example.com":                       "\u0130@example.com", // I with a dot must not become i
		"":                                         "",
		"ada":                                      "",
		"ada@":                                     "",
		"@example.com":                             "",
		"a b@example.com":                          "",
		"ada@exa mple.com":                         "",
		"ada@example..com":                         "",
		"Ada <ada@example.com>":                    "",
		"ada@example.com, b@x.example":             "",
		"ada@example.com\r\nBcc: b@x":              "",
		"ada@[127.0.0.1]":                          "",
		`"a b"@example.com`:                        "",
		"ada\x00@example.com":                      "",                         // a control character
		"\u202eada@example.com":                    "",                         // reverses the text after it
		"a\u200bda@example.com":                    "",                         // a zero width space
		"a\u00adda@example.com":                    "",                         // a soft hyphen
		"ada\xff@example.com":                      "",                         // invalid UTF-8
		"\u2068ada@example.com\u2069":              "ada@example.com",          // isolates: copied along from a page, and trimmed
		"\u202a\u200bada@example.com\u202c\ufeff ": "ada@example.com",          // other format characters, trimmed
		"ada@example.com\x00":                      "",                         // NUL is not trimmed: it is not copied from a page
		"ada@exa\u3164mple.com":                    "",                         // the Hangul filler, a letter that is drawn blank
		"a⠀da@example.com":                         "",                         // a Braille pattern without dots
		"نامه\u200cها@example.com":                 "نامه\u200cها@example.com", // the non-joiner changes how letters join
		joinedLetter + "ada@example.com":           joinedLetter + "ada@example.com",
		"a\u200cda@example.com":                    "",                  // a non-joiner between Latin letters
		"a..b@docomo.ne.jp":                        "a..b@docomo.ne.jp", // Japanese carriers gave out emails with such dots
		"ab.@docomo.ne.jp":                         "ab.@docomo.ne.jp",
		".Ab@docomo.ne.jp":                         ".ab@docomo.ne.jp",
		"..@docomo.ne.jp":                          "", // only dots
		"a..(b)@docomo.ne.jp":                      "",
		"a..b c@docomo.ne.jp":                      "",
		"ada%40example.com":                        "", // a form is decoded once
		"a..b@docomo.ne.jp, c@docomo.ne.jp":        "",
		strings.Repeat("a", 65) + "@example.com":   "",        // at most 64 bytes before the @
		long("a"):                                  long("a"), // 254 bytes
		long("aa"):                                 "",
		"ada@" + strings.Repeat("a.", 130) + "com": "",
		strings.Repeat("a", 1<<20):                 "", // not parsed: too long
		strings.Repeat(" ", 2000) + "a@b.example":  "",
		// A label of a domain has at most 63 bytes, in ASCII.
		strings.Repeat("a", 64) + "@" + strings.Repeat("b", 63): strings.Repeat("a", 64) + "@" + strings.Repeat("b", 63),
		strings.Repeat("a", 64) + "@" + strings.Repeat("b", 64): "",
		"ada@" + strings.Repeat("\u00fc", 60) + ".example":      "",
	} {
		got, ok := email.Normalize(typed)
		require.Equal(t, want, got, "%.80q", typed)
		require.Equal(t, want != "", ok, "%.80q", typed)
	}
}

// long returns an email with a domain of 252 bytes.
func long(local string) string {
	label := strings.Repeat("b", 62)
	return local + "@" + strings.Join([]string{label, label, label, label}, ".") + "b"
}

// In Devanagari, joiners are allowed after a virama, which suppresses the vowel of a
// letter, and refused after other letters and signs.
const (
	joinedLetter = "न्\u200d" // na, virama, joiner
	vowelSign    = "नि"       // na, vowel sign i
)

// Prevents spoofing: with an invisible character, an email would look like another one.
func TestNormalize_RefusesInvisibleCharacters(t *testing.T) {
	invisible := rangetable.Merge(unicode.C, unicode.Z, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
	count := 0
	rangetable.Visit(invisible, func(r rune) {
		for _, typed := range []string{"a" + string(r) + "da@example.com", "a@exa" + string(r) + "mple.com", vowelSign + string(r) + "ada@example.com"} {
			if !utf8.ValidRune(r) {
				continue // a surrogate
			}
			if got, ok := email.Normalize(typed); ok { // require.False, 400,000 times, is slow
				require.Fail(t, "accepted", "%U in %q", r, got)
			}
			count++
		}
	})
	require.Greater(t, count, 400_000) // over 130,000 private-use characters, in three emails each
}

func TestParseAddress(t *testing.T) {
	for address, want := range map[string]string{
		"ada@example.com":               "<ada@example.com>",
		"Ada <ada@example.com>":         `"Ada" <ada@example.com>`,
		"a..b@docomo.ne.jp":             `<"a..b"@docomo.ne.jp>`,
		"ab.@docomo.ne.jp":              `<"ab."@docomo.ne.jp>`,
		".ab@docomo.ne.jp":              `<".ab"@docomo.ne.jp>`,
		"a..b\r\nBcc: c@docomo.ne.jp":   "",
		"a..b\nc@docomo.ne.jp":          "",
		"Ada <a..b@docomo.ne.jp>":       "",
		"a..b@docomo.ne.jp\r\nBcc: c@d": "",
		"a..b@docomo.ne.jp> <c@d":       "",
		"a..b@c@docomo.ne.jp":           "",
		"a..b":                          "",
		"":                              "",
	} {
		parsed, err := email.ParseAddress(address)
		if want == "" {
			require.Error(t, err, "%q", address)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, want, parsed.String())
	}
}

// If Normalize were not idempotent, the owner of a stored email could not log in.
func FuzzNormalize(f *testing.F) {
	f.Add("Ada@Example.com")
	f.Add("\u212A@b\u00fccher.example")
	f.Add("ada@ex\u00admple.com")
	f.Add("J\u030can@example.com")
	f.Fuzz(func(t *testing.T, typed string) {
		once, ok := email.Normalize(typed)
		if !ok {
			return
		}
		again, ok := email.Normalize(once)
		require.True(t, ok, "%q is refused the second time", once)
		require.Equal(t, once, again)
		require.NotContains(t, once, "\n")
	})
}

// Fuzzing rarely finds a letter whose lower case composes with a mark, and its upper case does not.
func TestNormalize_IsIdempotent(t *testing.T) {
	tried := 0
	rangetable.Visit(rangetable.Merge(unicode.Upper, unicode.Title), func(upper rune) {
		for mark := rune(0x300); mark < 0x370; mark++ {
			once, ok := email.Normalize(string([]rune{upper, mark}) + "@example.com")
			if !ok {
				continue
			}
			again, _ := email.Normalize(once)
			require.Equal(t, once, again, "%+q", once)
			tried++
		}
	})
	require.Greater(t, tried, 100_000)
}

func TestShown(t *testing.T) {
	require.Equal(t, "Ada@ <b>", email.Shown("Ada@\x00 <b>\xff"))
	require.Len(t, email.Shown(strings.Repeat("a", 254)), 254)
	require.Empty(t, email.Shown(strings.Repeat("a", 255)))
}
