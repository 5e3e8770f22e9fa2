package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// git runs a git command in dir.
func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("needs git: renaming a clone is taken back by it")
	}
	cmd := exec.Command("git", append([]string{"-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "safe.directory=*"}, args...)...)
	cmd.Dir = dir
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, string(output))
	return string(output)
}

// clone is a copy of this checkout, as it is on the disk, committed.
func clone(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	for _, entry := range entries {
		switch name := entry.Name(); {
		case slices.Contains([]string{".git", "storage", "tmp", "screenshots"}, name): // what nobody clones
		case entry.IsDir():
			require.NoError(t, os.CopyFS(filepath.Join(dir, name), os.DirFS(name)))
		default:
			content, err := os.ReadFile(name)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o644))
		}
	}
	git(t, dir, "init", "-q")
	commit(t, dir)
	return dir
}

func commit(t *testing.T, dir string) {
	t.Helper()
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-q", "-m", "A clone")
}

// goes runs the go command in dir, on SQLite, which is faster.
func goes(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "TEST_DATABASE_URL=")
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, string(output))
	return string(output)
}

// A renamed clone has nothing of the old name, builds, and passes its tests,
// TestRealVariablesWin among them.
func TestTask_Rename(t *testing.T) {
	dir := clone(t)
	said := task(t, dir, []string{"HOME=" + t.TempDir()}, "rename", "example.com/acme/turn-stile/v2", "Turnstile")
	require.Regexp(t, `^This is Turnstile now, module example\.com/acme/turn-stile/v2: \d{2,} files were changed\.`, said)
	require.NotContains(t, git(t, dir, "status", "--porcelain"), "??", "no file is new")

	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			if entry.Name() == ".git" {
				return fs.SkipDir
			}
			return err
		}
		content, err := os.ReadFile(path)
		if name := entry.Name(); name != "LICENSE" && filepath.Ext(name) != ".png" {
			require.NotContains(t, strings.ToLower(string(content)), "corral", path)
		}
		return err
	}))
	for file, want := range map[string]string{
		"go.mod":                   "module example.com/acme/turn-stile/v2\n",
		"main.go":                  "\t\"example.com/acme/turn-stile/v2/actions\"\n",
		"README.md":                "# Turnstile\n",
		"locales/all.en-us.yaml":   "{id: app.name, translation: \"Turnstile\"}",
		"actions/session_store.go": "\"__Host-turnstile\"",
		"config/addresses.go":      "mail.Address{Name: \"Turnstile\"",
		".gitignore":               "\n/turn-stile\n",
	} {
		content, err := os.ReadFile(filepath.Join(dir, file))
		require.NoError(t, err)
		require.Contains(t, string(content), want, file)
	}
	for _, file := range []string{"LICENSE", "go.sum"} {
		require.Empty(t, git(t, dir, "diff", "--stat", "--", file))
	}
	require.Empty(t, git(t, dir, "diff", "--summary"), "no file changed its mode")

	// All of it builds, tests included. They are run, but for those of this
	// folder, which would begin again, and of the browser; of the large suites
	// those are that meet a name, for time's sake.
	goes(t, dir, "vet", "./...")
	goes(t, dir, "test", "./config/...", "./actions/edge/", "./actions/view/", "./grifts/")
	goes(t, dir, "test", "./actions/", "./models/...", "./mailers/", "-run", "Login|Logout|Session|Device|Guards|CheckPassword|Ready|Letters")

	// It can be done again, by the task that was renamed with the rest.
	commit(t, dir)
	goes(t, dir, "run", ".", "task", "rename", "example.com/acme/wicket", "Wicket")
	content, err := os.ReadFile(filepath.Join(dir, "actions", "session_store.go"))
	require.NoError(t, err)
	require.Contains(t, string(content), `"__Host-wicket"`)
	require.Contains(t, string(content), `"example.com/acme/wicket/config"`)
	goes(t, dir, "build", "./...")
}

// Where there is something to lose, nothing is written.
func TestTask_Rename_Refuses(t *testing.T) {
	dir, env := t.TempDir(), []string{"HOME=" + t.TempDir()} // go leaves files there
	rename := []string{"task", "rename", "example.com/acme/turnstile", "Turnstile"}
	require.Contains(t, refused(t, dir, env, "task", "rename", "example.com/acme/turnstile"), "usage: task rename MODULE NAME")
	require.Contains(t, refused(t, dir, env, "task", "rename", "no path", "Turnstile"), `"no path" is not a module path`)
	require.Contains(t, refused(t, dir, env, "task", "rename", "example.com/a", "no name"), `"no name" is not a name for this`)
	require.Contains(t, refused(t, dir, env, "task", "rename", "www.example.com/a", "Turnstile"), "would let .env replace the real environment")
	require.Contains(t, refused(t, dir, env, rename...), "this folder is not the top of a clone")

	gomod := filepath.Join(dir, "go.mod")
	require.NoError(t, os.WriteFile(gomod, []byte("module somebody/elses\n"), 0o600))
	require.Contains(t, refused(t, dir, env, rename...), "this folder is not the top of a clone")

	own, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(gomod, own, 0o600))
	require.Contains(t, refused(t, dir, env, rename...), "git cannot tell what is in this folder: ")

	git(t, dir, "init", "-q")
	require.Contains(t, refused(t, dir, env, rename...), "there are changes that are not committed", "a file that git does not know")
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".gitignore"), []byte("/storage/\n"), 0o600))
	commit(t, dir)
	require.Empty(t, git(t, dir, "status", "--porcelain"))
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".gitignore"), []byte("/storage/\n# more\n"), 0o600))
	require.Contains(t, refused(t, dir, env, rename...), "there are changes that are not committed")
	kept, err := os.ReadFile(gomod)
	require.NoError(t, err)
	require.Equal(t, string(own), string(kept))
}
