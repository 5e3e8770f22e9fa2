package owner_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// section is a part of docs/own-it.md below a heading of the second level.
type section struct {
	title string
	steps []step
}

// step is what stands below a heading of the third level.
type step struct {
	title  string
	blocks []block
}

// block is fenced text. Its info string is a language, which may be followed by
// the path of the file that it is.
type block struct{ language, path, text string }

// readGuide returns the sections of the guide in a clone.
func readGuide(t *testing.T, clone string) (sections []section) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(clone, "docs/own-it.md"))
	require.NoError(t, err)
	var fenced *block
	for _, line := range strings.SplitAfter(string(text), "\n") {
		info, fence := strings.CutPrefix(line, "```")
		switch {
		case fenced != nil && !fence:
			fenced.text += line
		case fenced != nil:
			steps := sections[len(sections)-1].steps
			last := &steps[len(steps)-1]
			last.blocks = append(last.blocks, *fenced)
			fenced = nil
		case fence:
			language, path, _ := strings.Cut(strings.TrimSpace(info), " ")
			fenced = &block{language: language, path: path}
		case strings.HasPrefix(line, "## "):
			sections = append(sections, section{title: strings.TrimSpace(line[3:])})
		case strings.HasPrefix(line, "### "):
			last := &sections[len(sections)-1]
			last.steps = append(last.steps, step{title: strings.TrimSpace(line[4:])})
		}
	}
	require.NotEmpty(t, sections)
	return sections
}
