package config_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The documents promise only what is there: each path exists, each quotation
// stands in the file it names, and the README lists every variable.

// documents returns the texts of the documents by their path from the root.
func documents(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("../docs/*.md")
	require.NoError(t, err)
	texts := map[string]string{}
	for _, path := range append(paths, "../README.md", "../CONTRIBUTING.md") {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		texts[strings.TrimPrefix(filepath.ToSlash(path), "../")] = string(text)
	}
	return texts
}

var (
	// A fence may name the file it quotes: ```go actions/login.go
	fence = regexp.MustCompile("(?ms)^```([^\n]*)\n(.*?)^```$")
	link  = regexp.MustCompile(`\]\(([^)#\s]+)(?:#[^)]*)?\)`)
	named = regexp.MustCompile("`(\\.?[\\w-]+(?:/[\\w.-]+)*/[\\w.-]+\\.\\w+)`")
	ours  = regexp.MustCompile(`^[A-Z][A-Z_]+$`)
)

func TestDocuments_PathsExist(t *testing.T) {
	checked := 0
	for name, text := range documents(t) {
		text = fence.ReplaceAllString(text, "")
		for _, match := range link.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(match[1], "://") {
				require.FileExists(t, filepath.Join("..", filepath.Dir(name), match[1]), "linked in %s", name)
				checked++
			}
		}
		for _, match := range named.FindAllStringSubmatch(text, -1) {
			if !strings.HasPrefix(match[1], "storage/") { // what the app makes
				require.FileExists(t, filepath.Join("..", match[1]), "named in %s", name)
				checked++
			}
		}
	}
	require.NotZero(t, checked)
}

// Between two lines of three dots a quotation leaves something out.
func TestDocuments_QuotationsAreTrue(t *testing.T) {
	checked := 0
	for name, text := range documents(t) {
		for _, match := range fence.FindAllStringSubmatch(text, -1) {
			_, path, found := strings.Cut(match[1], " ")
			if !found {
				continue
			}
			source, err := os.ReadFile(filepath.Join("..", path))
			require.NoError(t, err, "quoted in %s", name)
			rest, contained := string(source), false
			for _, part := range regexp.MustCompile(`(?m)^\s*…\n`).Split(match[2], -1) {
				_, rest, contained = strings.Cut(rest, part)
				require.True(t, contained, "%s quotes what is not in %s:\n%s", name, path, part)
			}
			checked++
		}
	}
	require.NotZero(t, checked)
}

func TestReadme_ListsEveryVariable(t *testing.T) {
	readme := documents(t)["README.md"]
	var listed []string
	for line := range strings.Lines(readme) {
		cell, _, _ := strings.Cut(strings.TrimPrefix(line, "|"), "|")
		if !strings.HasPrefix(line, "|") {
			continue
		}
		for _, match := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cell, -1) {
			if ours.MatchString(match[1]) {
				listed = append(listed, match[1])
			}
		}
	}
	read, secrets := variables(t)
	require.ElementsMatch(t, read, listed)
	for _, key := range secrets {
		require.Contains(t, readme, "`"+key+"_FILE`")
	}
}

func TestDotenvExample_KnowsItsVariables(t *testing.T) {
	example, err := os.ReadFile("../.env.example")
	require.NoError(t, err)
	read, _ := variables(t)
	matches := regexp.MustCompile(`(?m)^# ([A-Z_]+)=`).FindAllStringSubmatch(string(example), -1)
	require.NotEmpty(t, matches)
	for _, match := range matches {
		require.Contains(t, read, match[1])
	}
}

// variables are the names that package config asks its env for.
func variables(t *testing.T) (all, secrets []string) {
	t.Helper()
	paths, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			if method, key := askedOf(n); slices.Contains([]string{"get", "secret", "oneOf", "duration", "prefixes"}, method) && ours.MatchString(key) {
				all = append(all, key)
				if method == "secret" {
					secrets = append(secrets, key)
				}
			}
			return true
		})
	}
	slices.Sort(all)
	require.NotEmpty(t, secrets)
	return slices.Compact(all), secrets
}

// askedOf returns the method and the literal first argument of a call like e.get("PORT", "3000").
func askedOf(n ast.Node) (method, key string) {
	call, ok := n.(*ast.CallExpr)
	if !ok || len(call.Args) == 0 {
		return "", ""
	}
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	literal, ok := call.Args[0].(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return "", ""
	}
	key, _ = strconv.Unquote(literal.Value) // the parser has read it
	return selector.Sel.Name, key
}
