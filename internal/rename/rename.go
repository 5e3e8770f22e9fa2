// Package rename gives a clone of an app another module path and name: in every
// file that git knows, in imports, texts, cookies and documents.
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

// identity is the module path and the name of an app. The name is written Like,
// like and LIKE this.
type identity struct{ module, name string }

// slug is the name in cookies, for one.
func (i identity) slug() string { return strings.ToLower(i.name) }

// binary is what `go build` calls the program.
func (i identity) binary() string {
	if base := path.Base(i.module); !majorVersion.MatchString(base) {
		return base
	}
	return path.Base(path.Dir(i.module))
}

// version is what another module's go.mod requires where a replace gives the folder.
func (i identity) version() string {
	if base := path.Base(i.module); majorVersion.MatchString(base) {
		return base + ".0.0"
	}
	return "v0.0.0"
}

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

// Run renames the app in the working directory, which is called name, to newName
// with a new module path. It returns the number of files that it changed. It
// refuses a directory with uncommitted changes.
func Run(name, newName, newModule string) (changed int, err error) {
	build, _ := debug.ReadBuildInfo() // every binary that go built has it
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
	// All is read and understood before the first file is written.
	for file, content := range renamed {
		if err := os.WriteFile(file, content, 0o600); err != nil { // an existing file keeps its mode
			return 0, fmt.Errorf("%w; `git restore .` takes back what was changed", err)
		}
	}
	return len(renamed), nil
}

// replacer writes one identity where another stood. Of what fits at a place,
// the first counts. Longer ones come before what they begin with.
func (i identity) replacer(to identity, files []string) *strings.Replacer {
	pairs := []string{
		"module " + i.module + "\n", "module " + to.module + "\n",
		"replace " + i.module + " =>", "replace " + to.module + " =>", // of the lab
		i.module + " " + i.version(), to.module + " " + to.version(),
		"\n/" + i.binary() + "\n", "\n/" + to.binary() + "\n", // .gitignore
		i.binary() + " task", to.binary() + " task",
	}
	for _, folder := range packageFolders(files) {
		for _, before := range []string{`"`, "`", "'", "(", " ", "+"} { // not "/": that is a path in a file system
			pairs = append(pairs, before+i.module+"/"+folder, before+to.module+"/"+folder)
		}
	}
	if i.module != i.slug() {
		pairs = append(pairs, i.module, to.module)
	}
	pairs = append(pairs, i.name, to.name, i.slug(), to.slug(), strings.ToUpper(i.name), strings.ToUpper(to.name))
	return strings.NewReplacer(pairs...)
}

// packageFolders are the folders that an import path may begin with.
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

// asTheyAre stay: the licence names whose work this was, and go.sum names others'.
var asTheyAre = []string{"LICENSE", "go.sum"}

// replaceIn returns the files that are different afterwards, by their path.
func replaceIn(files []string, replacer *strings.Replacer) (changed map[string][]byte, err error) {
	changed = map[string][]byte{}
	for _, file := range files {
		if info, err := os.Lstat(file); err != nil || !info.Mode().IsRegular() || slices.Contains(asTheyAre, path.Base(file)) {
			continue
		}
		before, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if bytes.IndexByte(before, 0) >= 0 || !utf8.Valid(before) {
			continue // an image
		}
		after := []byte(replacer.Replace(string(before)))
		if path.Ext(file) == ".go" && !bytes.Equal(before, after) {
			if after, err = format.Source(after); err != nil { // a longer name may move a comment
				return nil, fmt.Errorf("%s: %w", file, err)
			}
		}
		if !bytes.Equal(before, after) {
			changed[file] = after
		}
	}
	return changed, nil
}

// cleanClone returns the files that git knows in this folder, which must be
// the top of the module. There is nothing to lose in it: what goes wrong can
// be taken back.
func cleanClone(module string) (files []string, err error) {
	gomod, err := os.ReadFile("go.mod")
	if err != nil || !bytes.HasPrefix(gomod, []byte("module "+module+"\n")) {
		return nil, fmt.Errorf("this folder is not the top of a clone: there is no go.mod with module %s", module)
	}
	status, err := git("status", "--porcelain", ".")
	if err != nil {
		return nil, err
	}
	if status != "" {
		return nil, errors.New("there are changes that are not committed: commit them first, so that a renaming can be looked at and taken back")
	}
	list, err := git("ls-files", "-z", ".")
	return strings.FieldsFunc(list, func(r rune) bool { return r == 0 }), err
}

// git runs git, the only program that the app ever starts.
func git(args ...string) (string, error) {
	output, err := exec.Command("git", args...).Output()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return "", fmt.Errorf("git cannot tell what is in this folder: %s", strings.Join(strings.Fields(string(exit.Stderr)), " "))
	}
	if err != nil {
		return "", fmt.Errorf("git is needed, so that a renaming can be taken back: %w", err)
	}
	return string(output), nil
}
