package docs

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// These are the requirements of ASVS 5.0.0 by level, and those that do not apply.
var level1 = strings.Fields(`
	1.2.1 1.2.2 1.2.3 1.2.4 1.2.5 1.3.2 2.1.1 2.2.1 2.2.2 2.3.1 3.2.1 3.2.2 3.3.1 3.4.1 3.4.2 3.5.1 3.5.3 4.1.1 6.1.1 6.2.1 6.2.2
	6.2.3 6.2.4 6.2.5 6.2.6 6.2.7 6.2.8 6.3.1 6.3.2 6.4.1 6.4.2 7.2.1 7.2.2 7.2.3 7.2.4 7.4.1 7.4.2 8.1.1 8.2.1 8.2.2 8.3.1 9.1.1
	9.1.2 9.1.3 9.2.1 11.3.1 11.3.2 11.4.1 12.1.1 12.2.1 13.4.1 14.2.1 14.3.1`)

var level2 = strings.Fields(`
	1.1.1 1.1.2 1.2.9 1.3.3 1.3.5 1.3.7 1.3.10 1.3.11 1.4.1 1.4.2 1.4.3 1.5.2 2.1.2 2.1.3 2.2.3 2.3.2 2.3.3 2.3.4 2.4.1 3.3.2 3.3.3
	3.3.4 3.4.3 3.4.4 3.4.5 3.4.6 3.5.4 3.7.1 3.7.2 4.1.2 4.1.3 4.2.1 6.1.2 6.1.3 6.2.9 6.2.10 6.2.11 6.2.12 6.3.3 6.3.4 6.4.3 6.4.4
	6.5.1 6.5.2 6.5.3 6.5.4 6.5.5 6.6.2 6.6.3 6.8.1 6.8.2 6.8.4 7.1.1 7.1.2 7.1.3 7.3.1 7.3.2 7.4.3 7.4.4 7.4.5 7.5.1 7.5.2 7.6.1
	7.6.2 8.1.2 8.2.3 9.2.2 9.2.3 10.1.1 10.1.2 10.2.1 10.2.2 10.5.1 10.5.2 10.5.3 10.5.4 11.1.1 11.1.2 11.2.1 11.2.2 11.2.3 11.3.3
	11.4.2 11.4.3 11.5.1 11.6.1 12.1.2 12.3.1 12.3.2 12.3.3 12.3.4 13.1.1 13.2.1 13.2.2 13.2.3 13.2.4 13.2.5 13.3.1 13.3.2 13.4.2
	13.4.3 13.4.4 13.4.5 14.1.1 14.1.2 14.2.2 14.2.3 14.2.4 14.3.2 14.3.3 16.1.1 16.2.1 16.2.2 16.2.3 16.2.4 16.2.5 16.3.1 16.3.2
	16.3.3 16.3.4 16.4.1 16.4.2 16.4.3 16.5.1 16.5.2 16.5.3`)

var level3 = strings.Fields(`
	1.3.12 1.5.3 2.4.2 3.1.1 3.2.3 3.3.5 3.4.7 3.4.8 3.5.6 3.5.7 3.5.8 3.6.1 3.7.5 4.1.4 4.2.2 4.2.3 4.2.4 4.2.5 6.3.5 6.3.6 6.3.7
	6.3.8 6.4.6 6.5.6 6.5.7 6.5.8 6.7.1 6.7.2 7.5.3 8.1.3 8.1.4 8.2.4 8.3.2 10.2.3 11.1.3 11.1.4 11.2.4 11.2.5 11.3.4 11.3.5 11.5.2
	11.7.2 13.1.2 13.1.3 13.1.4 13.2.6 13.3.4 13.4.6 13.4.7 14.2.5 14.2.6 14.2.7 16.5.4`)

var notApplicable = strings.Fields(`
	1.2.6 1.2.7 1.2.8 1.2.10 1.3.1 1.3.4 1.3.6 1.3.8 1.3.9 1.5.1 2.3.5 3.5.2 3.5.5 3.7.3 3.7.4 4.1.5 4.3.1 4.3.2 4.4.1 4.4.2 4.4.3
	4.4.4 6.4.5 6.6.1 6.6.4 6.8.3 8.3.3 8.4.1 8.4.2 9.2.4 10.5.5 11.4.4 11.6.2 11.7.1 12.1.3 12.1.4 12.1.5 12.2.2 12.3.5 13.3.3 14.2.8`)

func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(root + "docs/" + name)
	require.NoError(t, err)
	return string(text)
}

func section(t *testing.T, heading string) string {
	t.Helper()
	_, text, found := strings.Cut(document(t, "security.md"), "\n## "+heading+"\n")
	require.True(t, found, heading)
	text, _, _ = strings.Cut(text, "\n## ")
	return text
}

var (
	// Requirements that one row proves, level 1 in bold and level 3 in italics, and
	// the rest of the row.
	row         = regexp.MustCompile(`(?m)^((?:\*{0,2}\d+\.\d+\.\d+\*{0,2}(?:, )?)+) (.+)$`)
	single      = regexp.MustCompile(`(\*{0,2})(\d+\.\d+\.\d+)(\*{0,2})`)
	levels      = map[string]string{"**": "1", "": "2", "*": "3"}
	testName    = regexp.MustCompile("`((?:Test|Fuzz)_?\\w+)`")
	sectionLink = regexp.MustCompile(`\]\(#([^)]+)\)`)
	headline    = regexp.MustCompile(`(?m)^##+ (.+)$`)
	function    = regexp.MustCompile(`(?m)^func (?:\(\w+ \*\w+\) )?((?:Test|Fuzz)\w+)\(`)
)

// testsThatExist returns the names of all tests, and how many tests have each name.
func testsThatExist(t *testing.T) map[string]int {
	t.Helper()
	names := map[string]int{}
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && entry.Name() == "vendor" {
			return fs.SkipDir
		}
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, match := range function.FindAllSubmatch(source, -1) {
			names[string(match[1])]++
		}
		return err
	}))
	require.Greater(t, len(names), 100)
	return names
}

func anchors(text string) (list []string) {
	for _, match := range headline.FindAllStringSubmatch(text, -1) {
		title := regexp.MustCompile(`[^\w -]`).ReplaceAllString(strings.ToLower(match[1]), "")
		list = append(list, strings.ReplaceAll(title, " ", "-"))
	}
	return list
}

type requirement struct{ id, level, rest string }

func requirements(t *testing.T, text string) (list []requirement) {
	t.Helper()
	for _, match := range row.FindAllStringSubmatch(text, -1) {
		for _, id := range single.FindAllStringSubmatch(match[1], -1) {
			require.Equal(t, id[1], id[3], id[0])
			list = append(list, requirement{id[2], levels[id[1]], match[2]})
		}
	}
	return list
}

// Each requirement that applies has a row with its level and a proof, or with a reason why
// it is not met. Each other requirement has a reason why it does not apply.
func TestSecurity_ListsEveryRequirement(t *testing.T) {
	text := document(t, "security.md")
	proven, _, cut := strings.Cut(text, "\n## Not met\n")
	require.True(t, cut)
	found := map[string][]string{}
	for _, r := range requirements(t, proven) {
		found[r.level] = append(found[r.level], r.id)
		below := sectionLink.FindAllStringSubmatch(r.rest, -1)
		require.NotZero(t, len(testName.FindAllString(r.rest, -1))+len(below), "%s names no proof", r.id)
		for _, link := range below {
			require.Contains(t, anchors(text), link[1], r.id)
		}
	}
	open := requirements(t, section(t, "Not met"))
	for _, r := range open {
		found[r.level] = append(found[r.level], r.id)
		require.Regexp(t, `\| \S[^|]+$`, r.rest, "%s has no reason", r.id)
	}
	require.ElementsMatch(t, level1, found["1"])
	require.ElementsMatch(t, level2, found["2"])
	require.ElementsMatch(t, level3, found["3"])
	var others []string
	for _, r := range requirements(t, section(t, "What does not apply")) {
		others = append(others, r.id)
		require.Regexp(t, `^\| \S`, r.rest, "%s has no reason", r.id)
	}
	require.ElementsMatch(t, notApplicable, others)
	require.Equal(t, 232, len(level1)+len(level2)+len(level3))
	require.Contains(t, text, fmt.Sprintf("Of 232, %d are met and %d are open.", 232-len(open), len(open)))
}

func TestSecurity_NamedTestsExist(t *testing.T) {
	exist := testsThatExist(t)
	for path, text := range documents(t) {
		for _, match := range testName.FindAllStringSubmatch(text, -1) {
			require.Equal(t, 1, exist[match[1]], "%s names %s", path, match[1])
		}
	}
}

func TestBuffalo_EveryLineNamesItsTest(t *testing.T) {
	lines := regexp.MustCompile(`(?m)^(\d+) \| .+ \| .+ \| (.+)$`).FindAllStringSubmatch(document(t, "buffalo.md"), -1)
	for i, line := range lines {
		require.Equal(t, i+1, slices.Index(numbers, line[1])+1, "the lines are in the order of their numbers")
		require.Regexp(t, testName, line[2], "line %s", line[1])
	}
	require.Len(t, lines, len(numbers))
}

var numbers = strings.Fields(`1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36`)
