package source

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// One thing has one word. These were used for things that have another: rate
// limit, log in, log out, redeem, purge, client, and what an attempt comes to.
var (
	retiredWords = regexp.MustCompile(`(?i:throttl|sweep|visitor|turnedOut)|(^s|S)ign(ed)?(In|Out)|(^s|S)pen[dt](s|ing)?(\z|[A-Z_])|(^c|C)hores?(\z|[A-Z_])`)
	retiredTypes = regexp.MustCompile(`^(Origin|Throttled|Device|Address|Chore)$`) // Client, RateLimited, DeviceCookie, …
)

// No identifier of the app or of internal/ is a word that was given up.
func TestSource_WordsAreThoseInUse(t *testing.T) {
	files := 0
	for _, path := range tracked(t) {
		if !strings.HasSuffix(path, ".go") || strings.HasPrefix(path, "lab/") {
			continue
		}
		files++
		file, err := parser.ParseFile(token.NewFileSet(), root+path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				require.NotRegexp(t, retiredWords, n.Name, path)
			case *ast.TypeSpec:
				require.NotRegexp(t, retiredTypes, n.Name.Name, path)
			}
			return true
		})
	}
	require.Greater(t, files, 100)
}

func TestRetiredWords(t *testing.T) {
	for _, word := range []string{"Throttled", "throttle", "SignedIn", "signIn", "askToSignIn", "signOut", "spend", "Spent", "sweepEvery", "chore", "visitor", "turnedOut"} {
		require.Regexp(t, retiredWords, word)
	}
	for _, word := range []string{"designIn", "assigned", "signing", "suspend", "TryLock", "retry", "entries", "Country", "anchored", "country"} {
		require.NotRegexp(t, retiredWords, word)
	}
}
