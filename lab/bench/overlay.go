package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// variant is the app with a part left out, replaced or added.
type variant struct {
	name    string
	edits   []edit
	env     []string // additions to its environment
	crowded bool     // also measured with many simultaneous logins
}

// edit replaces the text old, which must occur once in a source file. If old is "", it
// adds a file.
type edit struct{ file, old, new string }

// overlay writes the changed files to dir. It returns flags that make the go command
// use them instead of the files in source.
func (v variant) overlay(source, dir string) (flags []string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	replacements := map[string]string{} // by original file
	for i, e := range v.edits {
		original := filepath.Join(source, e.file)
		changed, known := replacements[original]
		if !known {
			changed = filepath.Join(dir, fmt.Sprint(i, "-", filepath.Base(e.file)))
			replacements[original] = changed
		}
		content := e.new
		if e.old != "" {
			from := original
			if known {
				from = changed
			}
			before, err := os.ReadFile(from)
			if err != nil {
				return nil, err
			}
			if n := strings.Count(string(before), e.old); n != 1 {
				return nil, fmt.Errorf("%s has this text %d times instead of once: change the variant %q as the source has changed\n%s", e.file, n, v.name, e.old)
			}
			content = strings.Replace(string(before), e.old, e.new, 1)
		}
		if err := os.WriteFile(changed, []byte(content), 0o600); err != nil {
			return nil, err
		}
	}
	list, err := json.Marshal(map[string]any{"Replace": replacements})
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "overlay.json")
	return []string{"-overlay=" + file}, os.WriteFile(file, list, 0o600)
}

// compile compiles the packages that the variant edits. What they export stays the same,
// so the rest of the app need not be compiled again.
func (v variant) compile(source string, flags []string) error {
	args := append([]string{"build"}, flags...)
	for _, e := range v.edits {
		args = append(args, "./"+filepath.Dir(e.file))
	}
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = source, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}
