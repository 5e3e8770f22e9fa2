package docs

import (
	"bufio"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// appFolders are the folders that docs/login.md describes.
const appFolders = `(?:actions|cmd|config|mailers|models)`

const maxLoginFiles = 20

func loginFiles(t *testing.T) (files []string) {
	t.Helper()
	for _, match := range regexp.MustCompile("`("+appFolders+`/\w+\.go|main\.go)`+"`").FindAllStringSubmatch(document(t, "login.md"), -1) {
		files = append(files, match[1])
	}
	slices.Sort(files)
	return slices.Compact(files)
}

func TestLoginDocument_NamesTheFilesOfALogin(t *testing.T) {
	named := loginFiles(t)
	require.LessOrEqual(t, len(named), maxLoginFiles)
	executed := executedByLogin(t)
	for _, file := range executed {
		require.Contains(t, named, file, "a login executes the file")
	}
	for _, file := range named {
		if file != "cmd/cmd.go" && file != "actions/app.go" { // these build the app before a login
			require.Contains(t, executed, file, "docs/login.md names the file, but no login executes it")
		}
	}
}

// executedByLogin returns the Go files that run for a login but not before.
func executedByLogin(t *testing.T) (files []string) {
	t.Helper()
	dir := t.TempDir()
	app, err := filepath.Abs(root)
	require.NoError(t, err)
	tests, err := filepath.Abs("testdata/actions/login_core_test.go")
	require.NoError(t, err)
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(app, "actions/login_core_test.go"): tests}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600))
	program := filepath.Join(dir, "actions.test")
	run(t, app, "go", "test", "-c", "-o", program, "-overlay", filepath.Join(dir, "overlay.json"),
		"-covermode=count", "-coverpkg=./actions,./config,./mailers,./models", "./actions")

	before, after := map[string]int{}, map[string]int{}
	for test, counts := range map[string]map[string]int{"TestLoginCore_Before": before, "TestLoginCore_Login": after} {
		profile := filepath.Join(dir, test)
		run(t, filepath.Join(app, "actions"), program, "-test.run", "^"+test+"$", "-test.coverprofile", profile)
		readProfile(t, profile, counts)
	}
	for block, count := range after {
		if file, _, _ := strings.Cut(block, ":"); count > before[block] && !slices.Contains(files, file) {
			files = append(files, file)
		}
	}
	require.Greater(t, len(files), 10)
	return files
}

func run(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
}

var profiled = regexp.MustCompile(`^[^/]+/(\S+\.go:\S+) \d+ (\d+)$`)

func readProfile(t *testing.T, path string, counts map[string]int) {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if match := profiled.FindStringSubmatch(lines.Text()); match != nil {
			count, err := strconv.Atoi(match[2])
			require.NoError(t, err)
			counts[match[1]] += count
		}
	}
}

// The README counts lines that are not blank, to the nearest hundred.
func TestReadme_LengthOfTheLoginCore(t *testing.T) {
	lines := 0
	for _, file := range loginFiles(t) {
		source, err := os.ReadFile(root + file)
		require.NoError(t, err)
		for line := range strings.Lines(string(source)) {
			if strings.TrimSpace(line) != "" {
				lines++
			}
		}
	}
	said := regexp.MustCompile(`The login core, the files of \[docs/login\.md\]\(docs/login\.md\), is about ([\d,]+) lines of Go, not counting blank ones\.`).
		FindStringSubmatch(documents(t)["README.md"])
	require.NotNil(t, said)
	require.Equal(t, strconv.Itoa((lines+50)/100*100), strings.ReplaceAll(said[1], ",", ""))
}

// The README counts lines that are not blank, without tests and their kits, within three per cent.
func TestReadme_LengthOfTheAppAndInternal(t *testing.T) {
	var app, internal float64
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && path != root && (strings.HasPrefix(name, ".") || strings.HasSuffix(name, "test") || name == "lab" || name == "vendor") {
			return fs.SkipDir
		}
		if filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		source, err := os.ReadFile(path)
		for line := range strings.Lines(string(source)) {
			switch {
			case strings.TrimSpace(line) == "":
			case strings.HasPrefix(filepath.ToSlash(path), root+"internal/"):
				internal++
			default:
				app++
			}
		}
		return err
	}))
	said := regexp.MustCompile(`The whole app has ([\d,]+),\s` + "`internal/` " + `([\d,]+), without tests\.`).FindStringSubmatch(documents(t)["README.md"])
	require.NotNil(t, said)
	for i, lines := range []float64{app, internal} {
		number, err := strconv.ParseFloat(strings.ReplaceAll(said[i+1], ",", ""), 64)
		require.NoError(t, err)
		require.InEpsilon(t, lines, number, 0.03)
	}
}
