package owner_test

import (
	"os"
	"path/filepath"
	"regexp"
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
	blocks []string // of commands; at least one
}

var commandBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

// readGuide reads docs/own-it.md of a repository.
func readGuide(t *testing.T, root string) (sections []section) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs/own-it.md"))
	require.NoError(t, err)
	for _, chapter := range strings.Split(string(text), "\n## ")[1:] {
		s, parts := section{}, strings.Split(chapter, "\n### ")
		s.title, _, _ = strings.Cut(parts[0], "\n")
		for _, part := range parts[1:] {
			title, text, _ := strings.Cut(part, "\n")
			found := step{title: title}
			for _, block := range commandBlock.FindAllStringSubmatch(text, -1) {
				found.blocks = append(found.blocks, block[1])
			}
			require.NotEmpty(t, found.blocks, title)
			s.steps = append(s.steps, found)
		}
		sections = append(sections, s)
	}
	require.NotEmpty(t, sections)
	return sections
}

// A recipe may add at most fifteen lines of Go for each part of its title: "A column, a task"
// has two. Imports, comments and tests do not count.
func TestRecipes_AreShort(t *testing.T) {
	applied := regexp.MustCompile(`git apply (\S+)`)
	total := 0
	for _, s := range readGuide(t, "../..") {
		if recipesOf[s.title] == nil {
			continue
		}
		for _, recipe := range s.steps {
			parts := 1 + strings.Count(recipe.title, ",")
			total += parts
			match := applied.FindStringSubmatch(strings.Join(recipe.blocks, ""))
			require.NotNil(t, match, recipe.title)
			diff, err := os.ReadFile(filepath.Join("../..", match[1]))
			require.NoError(t, err)
			lines := linesOfGo(string(diff))
			t.Logf("%2d %s", lines, recipe.title)
			require.LessOrEqual(t, lines, 15*parts, recipe.title)
		}
	}
	require.Greater(t, total, 15, "recipes were found")
}

// linesOfGo counts the lines of Go that a diff adds, as TestRecipes_AreShort limits them.
func linesOfGo(diff string) (n int) {
	inGoFile, importing := false, false
	for line := range strings.Lines(diff) {
		if file, named := strings.CutPrefix(line, "+++ "); named {
			file = strings.TrimSpace(file)
			inGoFile = strings.HasSuffix(file, ".go") && !strings.HasSuffix(file, "_test.go")
			continue
		}
		line, added := strings.CutPrefix(line, "+")
		line = strings.TrimSpace(line)
		switch {
		case !inGoFile, !added, line == "", strings.HasPrefix(line, "//"), strings.HasPrefix(line, "package "), strings.HasPrefix(line, `"`):
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
