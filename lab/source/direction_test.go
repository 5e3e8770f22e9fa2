package source

import (
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mayImport lists, by folder, the folders that it may import. internal/ must not import
// the app.
var mayImport = map[string][]string{
	"internal":   {"internal"},
	"assets":     {},
	"locales":    {},
	"migrations": {},
	"templates":  {},
	"config":     {"internal"},
	"models":     {"internal", "config", "migrations"},
	"mailers":    {"internal", "config", "models", "locales", "templates"},
	"actions":    {"internal", "config", "models", "mailers", "locales", "templates", "assets"},
	"grifts":     {"internal", "config", "models", "mailers", "actions", "locales", "templates", "assets", "migrations"},
}

// runGo runs the go command in dir and returns its output.
func runGo(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	return string(out)
}

func TestSource_DependenciesPointDown(t *testing.T) {
	module := strings.TrimSpace(runGo(t, root, "list", "-m")) + "/"
	packages, upwards := 0, []string{}
	for list := json.NewDecoder(strings.NewReader(runGo(t, root, "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./..."))); list.More(); {
		var p struct {
			ImportPath                         string
			Imports, TestImports, XTestImports []string
		}
		require.NoError(t, list.Decode(&p))
		path, below := strings.CutPrefix(p.ImportPath, module)
		from, _, _ := strings.Cut(path, "/")
		if !below || from == "cmd" { // the root and cmd may import all folders
			continue
		}
		packages++
		allowed, known := mayImport[from]
		require.True(t, known, "%s: list in mayImport what %s may import", path, from)
		imports := p.Imports
		if from == "internal" { // in other folders, tests may import all of the app
			imports = slices.Concat(p.Imports, p.TestImports, p.XTestImports)
		}
		for _, imported := range imports {
			inside, ours := strings.CutPrefix(imported, module)
			if to, _, _ := strings.Cut(inside, "/"); ours && to != from && !slices.Contains(allowed, to) {
				upwards = append(upwards, path+" imports "+inside)
			}
		}
	}
	require.Greater(t, packages, 8)
	require.Empty(t, upwards)
}
