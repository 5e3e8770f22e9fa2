package actions

import (
	"net/url"
	"strings"

	"github.com/gobuffalo/buffalo"
)

const (
	returnPathKey = "return_path"
	// maxReturnPath keeps the session cookie below the 4096 bytes that browsers take.
	maxReturnPath = 1024
)

// rememberPlace notes where an anonymous person wanted to go.
func rememberPlace(c buffalo.Context) {
	asked := *c.Request().URL
	asked.Path, asked.RawPath = trimSlash(asked.Path), trimSlash(asked.RawPath)
	if place := asked.RequestURI(); place != "/" && isReturnPath(place) {
		c.Session().Set(returnPathKey, place)
	}
}

// takePlace returns where the person wanted to go, once, or the home page.
func takePlace(s *buffalo.Session) string {
	if place, ok := s.GetOnce(returnPathKey).(string); ok && isReturnPath(place) {
		return place
	}
	return "/"
}

// isReturnPath says whether a place is a path on this site that may be
// returned to. It is stricter than any browser: what they read differently
// (backslashes, control characters, white space, Unicode look-alikes) is
// refused, not understood.
func isReturnPath(place string) bool {
	if len(place) > maxReturnPath || !strings.HasPrefix(place, "/") || strings.HasPrefix(place, "//") {
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
	// authority for whoever decodes or cleans the path once more.
	if strings.HasPrefix(u.Path, "//") || strings.ContainsAny(u.Path, "\\\x00\r\n\t") ||
		strings.Contains(u.Path+"/", "/./") || strings.Contains(u.Path+"/", "/../") {
		return false
	}
	return trimSlash(u.Path) != "/logout" // nobody means to log out by logging in
}
