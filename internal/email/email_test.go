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
		"ada@localhost":                            "ada@localhost",
		"\u212Aarl@example.com":                    "",                   // the Kelvin sign must not become k
		"ada@\u212Aelvin.example":                  "",                   // in a domain either
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
		"ada\x00@example.com":                      "",
		"\u202eada@example.com":                    "", // reverses the text after it
		"a\u200bda@example.com":                    "", // an invisible space
		"a\u00adda@example.com":                    "",
		"ada\xff@example.com":                      "",
		"\u2068ada@example.com\u2069":              "ada@example.com", // pasted
		"\u202a\u200bada@example.com\u202c\ufeff ": "ada@example.com",
		"ada@example.com\x00":                      "",
		"ada@exa\u3164mple.com":                    "",
		"a⠀da@example.com":                         "",                         // a Braille pattern without dots
		"نامه\u200cها@example.com":                 "نامه\u200cها@example.com", // changes how letters join
		"a\u200cda@example.com":                    "",
		"a..b@docomo.ne.jp":                        "a..b@docomo.ne.jp",
		"ab.@docomo.ne.jp":                         "ab.@docomo.ne.jp",
		".Ab@docomo.ne.jp":                         ".ab@docomo.ne.jp",
		"..@docomo.ne.jp":                          "",
		"a..(b)@docomo.ne.jp":                      "",
		"a..b c@docomo.ne.jp":                      "",
		"a..b@docomo.ne.jp, c@docomo.ne.jp":        "",
		strings.Repeat("a", 65) + "@example.com":   "",
		long("a"):                                  long("a"), // 254 bytes
		long("aa"):                                 "",
		"ada@" + strings.Repeat("a.", 130) + "com": "",
		strings.Repeat("a", 1<<20):                 "",
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

// Prevents spoofing: two emails would look the same.
func TestNormalize_RefusesInvisibleCharacters(t *testing.T) {
	joiners := &unicode.RangeTable{R16: []unicode.Range16{{Lo: 0x200c, Hi: 0x200d, Stride: 1}}}
	invisible := rangetable.Merge(unicode.C, unicode.Z, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
	count := 0
	rangetable.Visit(invisible, func(r rune) {
		for _, typed := range []string{"a" + string(r) + "da@example.com", "a@exa" + string(r) + "mple.com", "नि" + string(r) + "ada@example.com"} {
			if !utf8.ValidRune(r) || unicode.Is(joiners, r) && strings.HasPrefix(typed, "न") {
				continue
			}
			got, ok := email.Normalize(typed)
			require.False(t, ok, "%U in %q", r, got)
			count++
		}
	})
	require.Greater(t, count, 400_000) // most of them are private-use characters
}

func TestParseAddress(t *testing.T) {
	for address, want := range map[string]string{
		"ada@example.com":               "<ada@example.com>",
		"Ada <ada@example.com>":         `"Ada" <ada@example.com>`,
		"a..b@docomo.ne.jp":             `<"a..b"@docomo.ne.jp>`,
		"ab.@docomo.ne.jp":              `<"ab."@docomo.ne.jp>`,
		".ab@docomo.ne.jp":              `<".ab"@docomo.ne.jp>`,
		"a..b\r\nBcc: c@docomo.ne.jp":   "",
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

func TestShown(t *testing.T) {
	require.Equal(t, "Ada@ <b>", email.Shown("Ada@\x00 <b>\xff"))
	require.Len(t, email.Shown(strings.Repeat("a", 254)), 254)
	require.Empty(t, email.Shown(strings.Repeat("a", 255)))
}
