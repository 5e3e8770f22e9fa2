// Package rename gives a clone of an app another module path and name, in all of its
// files that git tracks.
package rename

import (
	"bytes"
	"errors"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"unicode/utf8"
)

// identity is an app's module path and its name. In files, the name occurs as Name,
// name and NAME.
type identity struct{ module, name string }

func (i identity) slug() string { return strings.ToLower(i.name) }

// binary is the name of the program that `go build` makes.
func (i identity) binary() string {
	if base := path.Base(i.module); !majorVersion.MatchString(base) {
		return base
	}
	return path.Base(path.Dir(i.module))
}

// version is the version of the app that the lab's go.mod requires. A replace
// directive there makes it meaningless, but it must fit the module path.
func (i identity) version() string {
	if base := path.Base(i.module); majorVersion.MatchString(base) {
		return base + ".0.0"
	}
	return "v0.0.0"
}

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

// Run renames the app in the working directory from name to newName, with a new
// module path, and returns the number of changed files. It refuses a directory with
// uncommitted changes.
func Run(name, newName, newModule string) (changed int, err error) {
	build, _ := debug.ReadBuildInfo()
	from, to := identity{build.Main.Path, name}, identity{newModule, newName}
	if err := to.check(); err != nil {
		return 0, err
	}
	files, err := cleanClone(from.module)
	if err != nil {
		return 0, err
	}
	renamed, err := replaceIn(files, from.replacer(to, files))
	if err != nil {
		return 0, err
	}
	// replaceIn has read all files, so that an error there changes none.
	for file, content := range renamed {
		if err := os.WriteFile(file, content, 0o600); err != nil { // the file exists and keeps its mode
			return 0, fmt.Errorf("%w; `git restore .` undoes the changes", err)
		}
	}
	return len(renamed), nil
}

// replacer returns a Replacer of identity i by identity to. At each position it
// replaces the first pair that matches, so longer texts come first.
func (i identity) replacer(to identity, files []string) *strings.Replacer {
	pairs := []string{
		"module " + i.module + "\n", "module " + to.module + "\n",
		"replace " + i.module + " =>", "replace " + to.module + " =>", // in the lab's go.mod
		i.module + " " + i.version(), to.module + " " + to.version(),
		"\n/" + i.binary() + "\n", "\n/" + to.binary() + "\n", // .gitignore
		i.binary() + " task", to.binary() + " task",
	}
	for _, folder := range packageFolders(files) {
		for _, before := range []string{`"`, "`", "'", "(", " ", "+"} { // not "/", which is part of a file path
			pairs = append(pairs, before+i.module+"/"+folder, before+to.module+"/"+folder)
		}
	}
	if i.module != i.slug() {
		pairs = append(pairs, i.module, to.module)
	}
	pairs = append(pairs, i.name, to.name, i.slug(), to.slug(), strings.ToUpper(i.name), strings.ToUpper(to.name))
	return strings.NewReplacer(pairs...)
}

// packageFolders returns the first elements of import paths within the module.
func packageFolders(files []string) []string {
	var folders []string
	for _, file := range files {
		if folder, _, nested := strings.Cut(file, "/"); nested && path.Ext(file) == ".go" {
			folders = append(folders, folder)
		}
	}
	slices.Sort(folders)
	return slices.Compact(folders)
}

// unchanged lists files that do not name the app: LICENSE names its author, and go.sum
// other modules.
var unchanged = []string{"LICENSE", "go.sum"}

func replaceIn(files []string, replacer *strings.Replacer) (changed map[string][]byte, err error) {
	changed = map[string][]byte{}
	for _, file := range files {
		if info, err := os.Lstat(file); err != nil || !info.Mode().IsRegular() || slices.Contains(unchanged, path.Base(file)) {
			continue
		}
		before, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if bytes.IndexByte(before, 0) >= 0 || !utf8.Valid(before) {
			continue // a binary file, such as an image
		}
		text := strings.ReplaceAll(string(before), "\r\n", "\n")
		after := []byte(replacer.Replace(text))
		if string(after) == text {
			continue
		}
		if path.Ext(file) == ".go" {
			if after, err = format.Source(after); err != nil { // realigns comments
				return nil, fmt.Errorf("%s: %w", file, err)
			}
		}
		if bytes.Contains(before, []byte("\r\n")) { // keep the line ends of a checkout on Windows
			after = bytes.ReplaceAll(after, []byte("\n"), []byte("\r\n"))
		}
		changed[file] = after
	}
	return changed, nil
}

// cleanClone returns the files that git tracks in the working directory, which must be
// the top of the module. It refuses uncommitted changes, so that git can restore the
// files.
func cleanClone(module string) (files []string, err error) {
	gomod, err := os.ReadFile("go.mod")
	if first, _, _ := strings.Cut(string(gomod), "\n"); err != nil || strings.TrimRight(first, "\r") != "module "+module {
		return nil, fmt.Errorf("this folder is not the top of a clone: there is no go.mod with module %s", module)
	}
	status, err := git("status", "--porcelain", ".")
	if err != nil {
		return nil, err
	}
	if status != "" {
		return nil, errors.New("there are changes that are not committed: commit them first, so that you can review the renaming and undo it")
	}
	list, err := git("ls-files", "-z", ".")
	files = strings.FieldsFunc(list, func(r rune) bool { return r == 0 })
	return slices.DeleteFunc(files, isVendored), err
}

// isVendored reports whether a file belongs to another module.
func isVendored(file string) bool { return strings.Contains("/"+file, "/vendor/") }

// git runs git, the only program that the app runs.
func git(args ...string) (string, error) {
	output, err := exec.Command("git", args...).Output()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return "", fmt.Errorf("git cannot list this folder: %s", strings.Join(strings.Fields(string(exit.Stderr)), " "))
	}
	if err != nil {
		return "", fmt.Errorf("git is needed, so that you can undo the renaming: %w", err)
	}
	return string(output), nil
}
