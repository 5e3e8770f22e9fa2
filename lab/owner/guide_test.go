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
	title    string
	commands []string // at least one block
}

var commandBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

// readGuide reads docs/own-it.md of a clone.
func readGuide(t *testing.T, clone string) (sections []section) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(clone, "docs/own-it.md"))
	require.NoError(t, err)
	for _, part := range strings.Split(string(text), "\n## ")[1:] {
		s, parts := section{}, strings.Split(part, "\n### ")
		s.title, _, _ = strings.Cut(parts[0], "\n")
		for _, part := range parts[1:] {
			title, text, _ := strings.Cut(part, "\n")
			blocks := commandBlock.FindAllStringSubmatch(text, -1)
			require.NotEmpty(t, blocks, title)
			step := step{title: title}
			for _, block := range blocks {
				step.commands = append(step.commands, block[1])
			}
			s.steps = append(s.steps, step)
		}
		sections = append(sections, s)
	}
	require.NotEmpty(t, sections)
	return sections
}

// A recipe may add at most fifteen lines of Go for each part of its title, as separated by
// commas. Imports, comments and tests do not count.
func TestRecipes_AreShort(t *testing.T) {
	applied := regexp.MustCompile(`git apply (\S+)`)
	total := 0
	for _, s := range readGuide(t, "../..") {
		if recipesOf[s.title] == nil {
			continue
		}
		for _, step := range s.steps {
			parts := 1 + strings.Count(step.title, ",")
			total += parts
			match := applied.FindStringSubmatch(strings.Join(step.commands, ""))
			require.NotNil(t, match, step.title)
			diff, err := os.ReadFile(filepath.Join("../..", match[1]))
			require.NoError(t, err)
			lines := linesOfGo(string(diff))
			t.Logf("%2d %s", lines, step.title)
			require.LessOrEqual(t, lines, 15*parts, step.title)
		}
	}
	require.Greater(t, total, 15)
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
