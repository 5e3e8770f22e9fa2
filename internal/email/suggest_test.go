package email_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/email"
)

func TestSuggest(t *testing.T) {
	for typed, want := range map[string]string{
		"ada@gmial.com":   "ada@gmail.com",
		"Ada@GMIAL.com":   "ada@gmail.com",
		"ada@gmail.co":    "ada@gmail.com",
		"ada@hotmial.con": "ada@hotmail.com",
		"ada@gmail.com":   "",              // nothing to correct
		"ada@example.com": "",              // near no common domain
		"ada@mail.com":    "ada@gmail.com", // a real domain, but not a common one
		"ada@abc.com":     "",              // two edits from aol.com, like many other domains
		"ada@a0l.com":     "ada@aol.com",
		"ada":             "",
		"ada@gmial.com" + strings.Repeat("m", 1<<20): "",
		"": "",
	} {
		require.Equal(t, want, email.Suggest(typed), "%.80q", typed)
	}
}

// The intended email must be one of the variants of the mistyped one.
func TestOneLetterAway(t *testing.T) {
	for typed, want := range map[string]string{
		"ad@example.com":   "ada@example.com", // a letter is missing
		"aad@example.com":  "ada@example.com", // two are transposed
		"adaa@example.com": "ada@example.com", // one too many
		"ads@example.com":  "ada@example.com", // a wrong one
		"ada@exmaple.com":  "ada@example.com", // two are transposed
		"ada@example.co":   "ada@example.com", // the last is missing
		"bob@example.comm": "bob@example.com", // one too many at the end
		"bob+@example.com": "bob@example.com", // one too many
	} {
		require.Contains(t, email.OneLetterAway(typed), want, "%.80q", typed)
	}
	require.NotContains(t, email.OneLetterAway("carol@example.com"), "ada@example.com")
	require.NotContains(t, email.OneLetterAway("ada@example.com"), "bob@example.com")
}
