// Package docs checks the documents against the repository.
package docs

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/internal/env"
)

const root = "../../"

func documents(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(root + "docs/*.md")
	require.NoError(t, err)
	texts := map[string]string{}
	for _, name := range []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "lab/README.md"} {
		paths = append(paths, root+name)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		texts[strings.TrimPrefix(filepath.ToSlash(path), root)] = string(text)
	}
	return texts
}

var (
	// After the language, a fence may name the quoted file: ```go actions/login.go
	fence        = regexp.MustCompile("(?ms)^```([^\n]*)\n(.*?)^```$")
	link         = regexp.MustCompile(`\]\(([^)#\s]*)(?:#([^)]*))?\)`)
	named        = regexp.MustCompile("`(\\.?[\\w-]+(?:/[\\w.-]+)*/[\\w.-]+\\.\\w+)`")
	variableName = regexp.MustCompile(`^[A-Z][A-Z0-9_]*[A-Z0-9]$`)
)

func TestDocuments_PathsExist(t *testing.T) {
	checked := 0
	for name, text := range documents(t) {
		text = fence.ReplaceAllString(text, "")
		for _, match := range link.FindAllStringSubmatch(text, -1) {
			path, anchor := match[1], match[2]
			if strings.Contains(path, "://") {
				continue
			}
			if path == "" { // in the document itself
				path = filepath.Base(name)
			}
			path = filepath.Join(root, filepath.Dir(name), path)
			require.True(t, exists(path), "%s is linked in %s", path, name)
			if anchor != "" {
				target, err := os.ReadFile(path)
				require.NoError(t, err)
				require.Contains(t, anchors(string(target)), anchor, "linked in %s", name)
			}
			checked++
		}
		for _, match := range named.FindAllStringSubmatch(text, -1) {
			if !strings.HasPrefix(match[1], "storage/") { // the app makes files there
				require.FileExists(t, filepath.Join(root, match[1]), "named in %s", name)
				checked++
			}
		}
	}
	require.NotZero(t, checked)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// In a quotation, a line of three dots stands for omitted lines.
func TestDocuments_QuotationsAreTrue(t *testing.T) {
	checked := 0
	for name, text := range documents(t) {
		for _, match := range fence.FindAllStringSubmatch(text, -1) {
			_, path, found := strings.Cut(match[1], " ")
			if !found {
				continue
			}
			source, err := os.ReadFile(filepath.Join(root, path))
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

// Browsers do not show the info string of a block, which has the path of a quoted file. So
// the path must stand before the block, too.
func TestDocuments_PathsAreShown(t *testing.T) {
	checked := 0
	for name, text := range documents(t) {
		for _, match := range regexp.MustCompile("(?m)^```\\w+ (\\S+)$").FindAllStringSubmatch(text, -1) {
			require.Contains(t, text, "\n**"+match[1]+"**\n\n"+match[0]+"\n", name)
			checked++
		}
	}
	require.NotZero(t, checked)
}

// The Buffalo CLI migrates with foreign keys on: to change a table of SQLite, fizz drops it,
// and the rows that refer to it would go, too.
func TestDocuments_MigrateByTheTask(t *testing.T) {
	texts := documents(t)
	configuration, err := os.ReadFile(root + "database.yml")
	require.NoError(t, err)
	texts["database.yml"] = string(configuration)
	for name, text := range texts {
		for _, sentence := range regexp.MustCompile(`[^.]*pop migrate[^.]*`).FindAllString(text, -1) {
			require.Regexp(t, "^\\s*Migrate by `task db:migrate`", sentence, name)
		}
	}
	require.Contains(t, texts["README.md"], "`pop migrate` deletes rows")
	require.Contains(t, texts["database.yml"], "`task db:migrate`")
}

func TestReadme_ListsEveryVariable(t *testing.T) {
	readme := documents(t)["README.md"]
	var listed []string
	for line := range strings.Lines(readme) {
		cell, _, isRow := strings.Cut(line, " | ")
		if !isRow {
			continue
		}
		for _, match := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cell, -1) {
			if variableName.MatchString(match[1]) {
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

func TestDotenvExample_HasOnlyKnownVariables(t *testing.T) {
	example, err := os.ReadFile(root + ".env.example")
	require.NoError(t, err)
	read, _ := variables(t)
	matches := regexp.MustCompile(`(?m)^# ([A-Z0-9_]+)=`).FindAllStringSubmatch(string(example), -1)
	require.NotEmpty(t, matches)
	for _, match := range matches {
		require.Contains(t, read, match[1])
	}
}

// The example file is public, so attackers know its secret.
func TestDotenvExample_SecretIsRefused(t *testing.T) {
	example, err := os.ReadFile(root + ".env.example")
	require.NoError(t, err)
	filled := strings.ReplaceAll(string(example), "\n# ", "\n")
	_, rest, found := strings.Cut(filled, "\nSESSION_SECRET=")
	require.True(t, found)
	secret, _, _ := strings.Cut(rest, "\n")
	_, err = config.Load([]string{
		"GO_ENV=production",
		"HOST=https://login.example.com",
		"SESSION_SECRET=" + secret,
		"SMTP_URL=smtp://corral:hunter2@mail.example.com:587",
		"TRUSTED_PROXIES=10.0.0.0/8",
	}, t.TempDir())
	require.EqualError(t, err, "SESSION_SECRET, value 1, is an example: set it to the output of `corral task secret`")
}

func variables(t *testing.T) (all, secrets []string) {
	t.Helper()
	paths, err := filepath.Glob(root + "config/*.go")
	require.NoError(t, err)
	for _, path := range append(paths, root+"internal/env/app.go") {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		ast.Inspect(parse(t, strings.TrimPrefix(filepath.ToSlash(path), root)), func(n ast.Node) bool {
			method, keys := askedOf(n)
			if method == "Providers" {
				for _, prefix := range keys {
					all = append(all, env.Provider{Prefix: prefix}.Variables()...)
					secrets = append(secrets, prefix+"_CLIENT_SECRET")
				}
				return true
			}
			all = append(all, keys...)
			if method == "Secret" || method == "MailServer" {
				secrets = append(secrets, keys...)
			}
			return true
		})
	}
	slices.Sort(all)
	require.NotEmpty(t, secrets)
	return slices.Compact(all), secrets
}

// askedOf returns the method and variables of a call like
// e.KeyPair("TLS_CERT_FILE", "TLS_KEY_FILE"), or the prefixes of one like e.Providers("OIDC").
func askedOf(n ast.Node) (method string, keys []string) {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return "", nil
	}
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || slices.Contains([]string{"Fault", "Faulty"}, selector.Sel.Name) {
		return "", nil
	}
	if on, ok := selector.X.(*ast.Ident); !ok || on.Name != "e" {
		return "", nil
	}
	for _, arg := range call.Args {
		if key, ok := text(arg); ok && variableName.MatchString(key) {
			keys = append(keys, key)
		}
	}
	return selector.Sel.Name, keys
}
