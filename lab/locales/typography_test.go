package locales

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
)

// blunders are patterns that are forbidden in texts, by language. Those of "" are
// forbidden in all languages.
var blunders = map[string]map[string]*regexp.Regexp{
	"": {
		"a typewriter's quotation mark or apostrophe": regexp.MustCompile(`['"]`),
		"three dots for an ellipsis":                  regexp.MustCompile(`\.\.\.`),
		"two spaces":                                  regexp.MustCompile(`\s\s`),
		"HTML":                                        regexp.MustCompile(`[<>]|&\w+;`),
	},
	"de": {
		"quotation marks of another language": regexp.MustCompile(`[«»”‘]`),
	},
	"fr": {
		"no narrow space before a sign of two parts": regexp.MustCompile(`[^\x{202f}\d][?!:;»]`),
		"no narrow space in a quotation":             regexp.MustCompile(`«[^\x{202f}]`),
		"quotation marks of another language":        regexp.MustCompile(`[“”„]`),
	},
	"es": {
		"a question that does not begin as one":     regexp.MustCompile(`^[^¿]*\?`),
		"an exclamation that does not begin as one": regexp.MustCompile(`^[^¡]*!`),
	},
	"pt-br": {
		"email for e-mail": regexp.MustCompile(`(?i)(?:^|[^.\w])emails?\b`),
	},
	"ja": {
		"a half-width sign after a full-width one": regexp.MustCompile(`[\p{Han}\p{Hiragana}\p{Katakana}] ?[?!,.:;()]`),
		"a space between words":                    regexp.MustCompile(`[\p{Han}\p{Hiragana}\p{Katakana}] | [\p{Han}\p{Hiragana}\p{Katakana}]`),
	},
	"ar": {
		"a Latin question mark, comma or semicolon": regexp.MustCompile(`\p{Arabic} ?[?,;]`),
		"an email, IP or host that is not isolated": regexp.MustCompile(`(?:^|[^\x{2068}])\{\{\.(?:email|old|new_email|host|ip)\}\}|\{\{\.(?:email|old|new_email|host|ip)\}\}(?:[^\x{2069}]|$)`),
	},
}

var ends = regexp.MustCompile(`[.?!。？！؟]$`)

func TestTypography_FollowsEachLanguage(t *testing.T) {
	languages, _, err := Read(shipped())
	require.NoError(t, err)
	for language, texts := range languages {
		for key, text := range texts {
			for _, form := range text.Forms {
				for _, of := range []string{"", language} {
					for blunder, pattern := range blunders[of] {
						require.NotRegexp(t, pattern, form, "%s %s has %s", language, key, blunder)
					}
				}
				require.Equal(t, ends.MatchString(languages["en-us"][key].Other()), ends.MatchString(form), "%s %s ends like a sentence in one language only: %s", language, key, form)
			}
		}
	}
}

// Invisible characters must be written as escapes such as \u202f, so that translators
// see them.
func TestTypography_NothingInvisible(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(binary.Root(), "locales", "*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		content, err := os.ReadFile(name)
		require.NoError(t, err)
		require.NotRegexp(t, `[\x{a0}\x{ad}\x{61c}\x{200b}-\x{200f}\x{2028}-\x{202f}\x{2060}-\x{206f}\x{feff}\t\r]`, string(content), name)
	}
}
