// Package useragent says in a few words what a User-Agent header tells of a
// browser. The client writes the header, so what comes of it is safe to show to
// another user: in a mail, or in a list of sessions.
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

// Name returns the names of the browser and of the system that it runs on, like
// "Safari" and "iPhone", or "" for what the header does not tell.
func Name(header string) (name, system string) {
	ua := parser.Parse(header)
	name, system = ua.Name, ua.OS
	if ua.IsIOS() && ua.Device != "" {
		system = ua.Device // iPhone and iPad say more than iOS
	}
	// In a header that it does not know, the parser takes anything for a name.
	if name == system || !productName.MatchString(name) {
		name = ""
	}
	return name, system
}

// productName matches a word, or two in the few names of browsers that have
// two. Prevents abuse of mails that quote the header: no sentence, web address
// or telephone number gets into them.
var productName = regexp.MustCompile(`^[A-Za-z][A-Za-z_-]{0,31}( (App|Browser|Chrome|Explorer|Mini|Safari|Touch))?$`)

// Printable returns the printable characters of s, at most n bytes of them.
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
