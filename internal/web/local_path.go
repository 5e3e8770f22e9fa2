package web

import (
	"net/url"
	"strings"
)

// maxLocalPath keeps session cookies that hold a path below 4096 bytes.
const maxLocalPath = 1024

// IsLocalPath reports whether path, which may have a query, is on this site.
// Prevents open redirects: it refuses what browsers may read differently
// (backslashes, control characters, white space, Unicode look-alikes).
func IsLocalPath(path string) bool {
	if len(path) > maxLocalPath || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
		return false
	}
	for _, r := range path {
		if r <= ' ' || r == '\\' || r >= 0x7f {
			return false
		}
	}
	u, err := url.Parse(path)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" {
		return false
	}
	// If decoded or cleaned again, slashes, backslashes and dot segments may turn
	// into an authority.
	return !strings.HasPrefix(u.Path, "//") && !strings.ContainsAny(u.Path, "\\\x00\r\n\t") &&
		!strings.Contains(u.Path+"/", "/./") && !strings.Contains(u.Path+"/", "/../")
}
