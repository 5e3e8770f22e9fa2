package models

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/mileusna/useragent"
)

// Browser reads a User-Agent header: "Safari" and "iPhone". What it does not
// tell is "".
func Browser(userAgent string) (name, system string) {
	ua := useragent.Parse(userAgent)
	name, system = ua.Name, ua.OS
	if ua.IsIOS() && ua.Device != "" {
		system = ua.Device // iPhone and iPad say more than iOS
	}
	// Of a header that it does not know, the parser takes anything for a name.
	if name == system || !productName.MatchString(name) {
		name = ""
	}
	return name, system
}

// productName is what a program calls itself: a word, or two as browsers have
// them. Whoever has us mail somebody also writes the header, and is to get no
// sentence, address or telephone number into that mail.
var productName = regexp.MustCompile(`^[A-Za-z][A-Za-z_-]{0,31}( (App|Browser|Chrome|Explorer|Mini|Safari|Touch))?$`)

// printable returns what a person may be shown of a header, at most n bytes.
func printable(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && r != unicode.ReplacementChar {
			return r
		}
		return -1
	}, s)
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n], "") // half a character may stand at the end
	}
	return s
}
