package models

import "github.com/mileusna/useragent"

// Browser says a User-Agent header in words, "Firefox on Linux", or "" when it
// says nothing that is known.
func Browser(userAgent string) string {
	ua := useragent.Parse(userAgent)
	switch {
	case ua.Name != "" && ua.OS != "":
		return ua.Name + " on " + ua.OS
	case ua.Name != "":
		return ua.Name
	}
	return ua.OS
}
