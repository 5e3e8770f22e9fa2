package web

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// reference matches a reference to a file, such as url("../fonts/sans.woff2").
var reference = regexp.MustCompile(`url\(\s*["']?([^"'()?#\s]+)`)

// withPaths replaces the references of a stylesheet by the paths at which the files are
// served. References are relative to the stylesheet, or begin with /assets/. It does not
// change references to other sites, or to the stylesheets in within: prevents endless
// recursion.
func withPaths(files fs.FS, name string, css []byte, within []string) []byte {
	within = append(slices.Clip(within), name)
	return reference.ReplaceAllFunc(css, func(match []byte) []byte {
		ref := string(reference.FindSubmatch(match)[1])
		other, below := strings.CutPrefix(ref, "/assets/")
		if !below {
			other = path.Join(path.Dir(name), ref)
		}
		if slices.Contains(within, other) {
			return match
		}
		file, err := readAsset(files, other, within...)
		if err != nil {
			return match
		}
		return []byte(strings.TrimSuffix(string(match), ref) + file.path)
	})
}
