package models

import (
	"regexp"

	"github.com/mileusna/useragent"
)

// Browser says a User-Agent header in words, "Firefox on Linux", or "" when it
// says nothing that is known.
func Browser(userAgent string) string {
	name, system := BrowserAndSystem(userAgent)
	switch {
	case name != "" && system != "":
		return name + " on " + system
	case name != "":
		return name
	}
	return system
}

// BrowserAndSystem reads a User-Agent header: "Safari" and "iPhone". What it
// does not tell is "".
func BrowserAndSystem(userAgent string) (browser, system string) {
	ua := useragent.Parse(userAgent)
	browser, system = ua.Name, ua.OS
	if ua.IsIOS() && ua.Device != "" {
		system = ua.Device // iPhone and iPad say more than iOS
	}
	// Of a header that it does not know, the parser takes anything for a name.
	if browser == system || !productName.MatchString(browser) {
		browser = ""
	}
	return browser, system
}

// productName is what a program calls itself.
var productName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9 ._-]{0,31}$`)
