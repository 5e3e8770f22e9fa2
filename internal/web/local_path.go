package web

import (
	"net/url"
	"strings"
)

// maxLocalPath keeps a session cookie that holds a path below the 4096 bytes
// that browsers take.
const maxLocalPath = 1024

// IsLocalPath reports whether place is a path on this site, with or without a
// query, that a client may be redirected to. Prevents open redirects: it is
// stricter than any browser, and refuses what they read differently (backslashes,
// control characters, white space, Unicode look-alikes).
func IsLocalPath(place string) bool {
	if len(place) > maxLocalPath || !strings.HasPrefix(place, "/") || strings.HasPrefix(place, "//") {
		return false
	}
	for _, r := range place {
		if r <= ' ' || r == '\\' || r >= 0x7f {
			return false
		}
	}
	u, err := url.Parse(place)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" {
		return false
	}
	// A decoded slash or backslash at the start, or a dot segment, may become an
	// authority for a program that decodes or cleans the path once more.
	return !strings.HasPrefix(u.Path, "//") && !strings.ContainsAny(u.Path, "\\\x00\r\n\t") &&
		!strings.Contains(u.Path+"/", "/./") && !strings.Contains(u.Path+"/", "/../")
}
