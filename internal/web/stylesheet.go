package web

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// reference matches a file in a stylesheet: url("../fonts/sans.woff2").
var reference = regexp.MustCompile(`url\(\s*["']?([^"'()?#\s]+)`)

// withPaths replaces references to other files, relative to the stylesheet or below
// /assets/, by the paths at which they are served. References to other sites, and
// to the stylesheets that this one is within, stay.
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
