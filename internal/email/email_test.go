package email_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

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
		"\u212Aarl@example.com":                    "",                   // KELVIN SIGN is not k
		"ada@\u212Aelvin.example":                  "",                   // nor in a domain
		"\u0130@example.com":                       "\u0130@example.com", // I with dot is not i
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
		"\u202eada@example.com":                    "", // read from right to left
		"a\u200bda@example.com":                    "", // a space that is not seen
		"a\u00adda@example.com":                    "",
		"ada\xff@example.com":                      "",
		strings.Repeat("a", 65) + "@example.com":   "",
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

// Idempotent: otherwise the owner of a stored email could not log in.
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
