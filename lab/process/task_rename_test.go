package process

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
)

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("needs git: the task rename runs it")
	}
	cmd := exec.Command("git", append([]string{"-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "safe.directory=*"}, args...)...)
	cmd.Dir = dir
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, string(output))
	return string(output)
}

// clone returns a clone of this checkout, in which local changes are committed.
func clone(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range strings.Split(strings.Trim(git(t, binary.Root(), "ls-files", "-z", "--cached", "--others", "--exclude-standard"), "\x00"), "\x00") {
		content, err := os.ReadFile(filepath.Join(binary.Root(), name))
		if errors.Is(err, fs.ErrNotExist) { // deleted, but the deletion is not committed
			continue
		}
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o644))
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

// runGo runs the go command. Tests that it runs use SQLite, which is faster.
func runGo(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "TEST_DATABASE_URL=")
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, string(output))
	return string(output)
}

func TestTask_Rename_LeavesNoOldName(t *testing.T) {
	dir := clone(t)
	output := task(t, dir, []string{"HOME=" + t.TempDir()}, "rename", "www.example.com/acme/turn-stile/v2", "Turnstile")
	require.Regexp(t, `^This is Turnstile now, module www\.example\.com/acme/turn-stile/v2: \d{2,} files were changed\.`, output)
	require.NotContains(t, git(t, dir, "status", "--porcelain"), "??", "no file is new")

	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			if entry.Name() == ".git" || entry.Name() == "vendor" {
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
		"go.mod":                 "module www.example.com/acme/turn-stile/v2\n",
		"main.go":                "import \"www.example.com/acme/turn-stile/v2/cmd\"\n",
		"cmd/cmd.go":             "\t\"www.example.com/acme/turn-stile/v2/actions\"\n",
		"README.md":              "# Turnstile\n",
		"locales/all.en-us.yaml": "{id: app.name, translation: \"Turnstile\"}",
		".gitignore":             "\n/turn-stile\n",
		"lab/go.mod":             "module www.example.com/acme/turn-stile/v2/lab\n",
	} {
		content, err := os.ReadFile(filepath.Join(dir, file))
		require.NoError(t, err)
		require.Contains(t, string(content), want, file)
	}
	for _, text := range []string{`"__Host-turnstile"`, `mail.Address{Name: "Turnstile"`} {
		git(t, dir, "grep", "--quiet", "--fixed-strings", text, "--", "*.go")
	}
	for _, file := range []string{"LICENSE", "go.sum", "lab/go.sum"} {
		require.Empty(t, git(t, dir, "diff", "--stat", "--", file))
	}
	require.Empty(t, git(t, dir, "diff", "--summary"), "no file changed its mode")

	// Everything must build. To save time, only tests that use the app's name run.
	runGo(t, dir, "vet", "./...")
	runGo(t, filepath.Join(dir, "lab"), "vet", "./...")
	const named = "Config|Log|Session|Device|Guards|CheckPassword|Ready|Mails|Route|Rename"
	test := []string{"test", "-v", "-vet=off", "-run", named} // in the packages that have such a test: linking the others takes longer
	for file := range strings.Lines(git(t, dir, "grep", "-lE", `^func Test\w*(`+named+`)`, "--", "*_test.go", ":!lab")) {
		if folder := "./" + filepath.Dir(file); !slices.Contains(test, folder) {
			test = append(test, folder)
		}
	}
	passed := runGo(t, dir, test...)
	require.NotContains(t, passed, "no tests to run")
	for word := range strings.SplitSeq(named, "|") {
		require.Regexp(t, `(?m)^--- PASS: Test\w*`+word, passed)
	}
	const dotenv = "TestProcess_DotenvOverridesTheEnvironment"
	require.Contains(t, runGo(t, filepath.Join(dir, "lab"), "test", "-v", "./process", "-run", dotenv), "--- PASS: "+dotenv)

	// The renamed app can be renamed again, even without the lab.
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "lab")))
	commit(t, dir)
	runGo(t, dir, "run", ".", "task", "rename", "example.com/acme/wicket", "Wicket")
	for _, text := range []string{`sessionCookieName = "wicket"`, `"example.com/acme/wicket/models"`} {
		git(t, dir, "grep", "--quiet", "--fixed-strings", text, "--", "*.go")
	}
	runGo(t, dir, "vet", "./...")
}

// A checkout on Windows may have other line ends. The vendor folders have foreign code.
func TestTask_Rename_KeepsLineEndsAndForeignCode(t *testing.T) {
	dir := t.TempDir()
	const foreign = "package corral // Corral is another module's\n"
	files := map[string]string{
		"go.mod":                           "module corral\r\n\r\ngo 1.26\r\n",
		".gitignore":                       "/storage/\r\n/corral\r\n",
		"main.go":                          "// Corral.\r\npackage main\r\n\r\nimport \"corral/cmd\"\r\n\r\nfunc main() { cmd.Main() }\r\n",
		"cmd/cmd.go":                       "package cmd\r\n\r\nfunc Main() {}\r\n",
		"vendor/example.com/corral/one.go": foreign,
		"lab/vendor/corral/two.go":         foreign,
	}
	for name, content := range files {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644))
	}
	git(t, dir, "init", "-q")
	commit(t, dir)
	task(t, dir, []string{"HOME=" + t.TempDir()}, "rename", "example.com/acme/turnstile", "Turnstile")
	files["go.mod"] = "module example.com/acme/turnstile\r\n\r\ngo 1.26\r\n"
	files[".gitignore"] = "/storage/\r\n/turnstile\r\n"
	files["main.go"] = "// Turnstile.\r\npackage main\r\n\r\nimport \"example.com/acme/turnstile/cmd\"\r\n\r\nfunc main() { cmd.Main() }\r\n"
	for name, want := range files {
		content, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, want, string(content), name)
	}
}

func TestCheckout_HasTheSameLineEndsOnWindows(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "checkout")
	git(t, ".", "clone", "-q", "-c", "core.autocrlf=true", clone(t), dir)
	for _, name := range []string{"go.mod", "main.go", "README.md", "assets/css/application.css", ".ci/run"} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.NotContains(t, string(content), "\r", name)
	}
}

func TestTask_Rename_RefusesToLoseChanges(t *testing.T) {
	dir, env := t.TempDir(), []string{"HOME=" + t.TempDir()} // the go command creates files in HOME
	rename := []string{"task", "rename", "example.com/acme/turnstile", "Turnstile"}
	require.Contains(t, refusal(t, dir, env, "task", "rename", "example.com/acme/turnstile"), "usage: task rename MODULE NAME")
	require.Contains(t, refusal(t, dir, env, "task", "rename", "no path", "Turnstile"), `"no path" is not a module path`)
	require.Contains(t, refusal(t, dir, env, "task", "rename", "example.com/a", "no name"), `"no name" cannot name the app in code`)
	require.Contains(t, refusal(t, dir, env, rename...), "this folder is not the top of a clone")

	gomod := filepath.Join(dir, "go.mod")
	require.NoError(t, os.WriteFile(gomod, []byte("module somebody/elses\n"), 0o600))
	require.Contains(t, refusal(t, dir, env, rename...), "this folder is not the top of a clone")

	own, err := os.ReadFile(filepath.Join(binary.Root(), "go.mod"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(gomod, own, 0o600))
	require.Contains(t, refusal(t, dir, env, rename...), "git cannot list this folder: ")

	git(t, dir, "init", "-q")
	require.Contains(t, refusal(t, dir, env, rename...), "there are changes that are not committed", "a file that git does not know")
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".gitignore"), []byte("/storage/\n"), 0o600))
	commit(t, dir)
	require.Empty(t, git(t, dir, "status", "--porcelain"))
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".gitignore"), []byte("/storage/\n# more\n"), 0o600))
	require.Contains(t, refusal(t, dir, env, rename...), "there are changes that are not committed")
	kept, err := os.ReadFile(gomod)
	require.NoError(t, err)
	require.Equal(t, string(own), string(kept))
}
