// Package useragent names a browser by its User-Agent header. Clients can send any
// header, but the results are safe to show to other users.
//
//	stored := useragent.Printable(r.UserAgent(), 255)
//	name, system := useragent.Name(stored) // "Safari", "iPhone"
package useragent

import (
	"regexp"
	"strings"
	"unicode"

	parser "github.com/mileusna/useragent"
)

// Name returns the names of the browser and its system, like "Safari" and "iPhone",
// or "" where unknown.
func Name(header string) (name, system string) {
	ua := parser.Parse(header)
	name, system = ua.Name, ua.OS
	if ua.IsIOS() && ua.Device != "" {
		system = ua.Device // more specific than iOS
	}
	// In an unknown header, the parser takes any text for a name.
	if name == system || !productName.MatchString(name) {
		name = ""
	}
	return name, system
}

// Describe returns a phrase in English, like "Safari on iPhone".
func Describe(header string) string {
	switch name, system := Name(header); {
	case name != "" && system != "":
		return name + " on " + system
	case name+system != "":
		return name + system
	}
	return "an unknown browser"
}

// productName matches one word, or one of the few browser names of two words. Prevents
// abuse of mails that quote the header: no sentence, URL or telephone number matches.
var productName = regexp.MustCompile(`^[A-Za-z][A-Za-z_-]{0,31}( (App|Browser|Chrome|Explorer|Mini|Safari|Touch))?$`)

// Printable returns the printable characters of s, at most n bytes.
func Printable(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && r != unicode.ReplacementChar {
			return r
		}
		return -1
	}, s)
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n], "") // the cut may split a character
	}
	return s
}
