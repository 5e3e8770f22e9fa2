package i18n

import (
	"html/template"
	"time"
)

// FormatTime formats a time in UTC by the text time.layout, in package time's
// notation.
func FormatTime(t Translate, at time.Time) string { return at.UTC().Format(t("time.layout")) }

// TimeElement returns FormatTime in an HTML time element, which a script can
// convert to the browser's time zone.
func TimeElement(t Translate, at time.Time) template.HTML {
	return template.HTML(`<time datetime="` + at.UTC().Format(time.RFC3339) + `">` + template.HTMLEscapeString(FormatTime(t, at)) + `</time>`)
}

// FormatWait says how long to wait, by the texts rate_limit.seconds, rate_limit.minutes
// above 90 seconds, or rate_limit.hours from two hours on. It rounds up, so that waiting
// is enough.
func FormatWait(t Translate, seconds int) string {
	switch {
	case seconds >= 2*60*60:
		return t("rate_limit.hours", (seconds+3599)/3600)
	case seconds > 90:
		return t("rate_limit.minutes", (seconds+59)/60)
	}
	return t("rate_limit.seconds", seconds)
}
