package owner_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// section is a part of the guide below a heading of the second level.
type section struct {
	title string
	steps []step
}

// step is a part of a section, below a heading of the third level.
type step struct {
	title  string
	blocks []block
}

// block is a fenced block of text. Its info string is a language and, if the block is a
// whole file, the file's path.
type block struct{ language, path, text string }

// readGuide reads docs/own-it.md of a clone.
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

// A recipe may add at most fifteen lines of Go, not counting imports, comments and tests.
// A step with commas in its title has several recipes.
func TestRecipes_AreShort(t *testing.T) {
	recipes := 0
	for _, s := range readGuide(t, "../..") {
		if recipesOf[s.title] == nil {
			continue
		}
		for _, step := range s.steps {
			here := 1 + strings.Count(step.title, ",")
			recipes += here
			lines := 0
			for _, b := range step.blocks {
				lines += linesOfGo(b)
			}
			t.Logf("%2d %s", lines, step.title)
			require.LessOrEqual(t, lines, 15*here, step.title)
		}
	}
	require.Greater(t, recipes, 15)
}

func linesOfGo(b block) (n int) {
	if b.language != "diff" && (!strings.HasSuffix(b.path, ".go") || strings.HasSuffix(b.path, "_test.go")) {
		return 0
	}
	ofGo, importing := b.language == "go", false
	for line := range strings.Lines(b.text) {
		if b.language == "diff" {
			file, named := strings.CutPrefix(line, "+++ ")
			if named {
				ofGo = strings.HasSuffix(strings.TrimSpace(file), ".go")
			}
			added := false
			if line, added = strings.CutPrefix(line, "+"); !added || named {
				continue
			}
		}
		line = strings.TrimSpace(line)
		switch {
		case !ofGo, line == "", strings.HasPrefix(line, "//"), strings.HasPrefix(line, "package "), strings.HasPrefix(line, `"`):
		case strings.HasPrefix(line, "import"):
			importing = line == "import ("
		case importing:
			importing = line != ")"
		default:
			n++
		}
	}
	return n
}
