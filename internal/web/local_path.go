package web

import (
	"net/url"
	"path"
	"strings"
)

// maxLocalPath is in bytes. It keeps a session cookie that contains a path below 4096 bytes.
const maxLocalPath = 400

// IsLocalPath reports whether path, which may have a query, is on this site. Prevents
// open redirects: it is false for characters that browsers may interpret differently,
// such as backslashes, control characters, white space and Unicode look-alikes.
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
	// If a browser or proxy decodes or cleans the path again, slashes, backslashes and
	// dot segments may turn into a host.
	return !strings.HasPrefix(u.Path, "//") && !strings.ContainsAny(u.Path, "\\\x00\r\n\t") &&
		!strings.Contains(u.Path+"/", "/./") && !strings.Contains(u.Path+"/", "/../")
}

// TrimSlash removes the slash that Buffalo appends to the paths of routes.
func TrimSlash(path string) string {
	if path == "/" {
		return path
	}
	return strings.TrimSuffix(path, "/")
}

// LocalURL returns a path as a URL, or nil if IsLocalPath is false or the path is not clean:
// http.Redirect and browsers clean paths, but the client must get the path that was checked.
func LocalURL(path string) *url.URL {
	u, err := url.Parse(path)
	if err != nil || !IsLocalPath(path) || !isClean(path) || !isClean(u.Path) {
		return nil
	}
	return u
}

func isClean(p string) bool {
	p, _, _ = strings.Cut(p, "?")
	return path.Clean(p) == TrimSlash(p)
}
