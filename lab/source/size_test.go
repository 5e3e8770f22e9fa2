package source

import (
	"os"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// These are the limits of the app's size.
const (
	mostLines       = 6_601 // lines of Go in the app, without blank lines and tests
	mostLinesOfFile = 200
)

// The app is everything outside of internal/ and lab/, without test kits.
func TestSource_TheAppIsSmall(t *testing.T) {
	all := 0
	for _, file := range tracked(t) {
		top, _, _ := strings.Cut(file, "/")
		if path.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") || top == "internal" || top == "lab" || path.Dir(file) == "models/modelstest" {
			continue
		}
		content, err := os.ReadFile(root + file)
		require.NoError(t, err)
		require.LessOrEqual(t, strings.Count(string(content), "\n"), mostLinesOfFile, file)
		for line := range strings.Lines(string(content)) {
			if strings.TrimSpace(line) != "" {
				all++
			}
		}
	}
	t.Logf("%d lines", all)
	require.LessOrEqual(t, all, mostLines)
}
