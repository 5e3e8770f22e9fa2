package view

import (
	"html/template"
	"time"
)

// Moment says when something was, in the language's own form and in UTC.
func Moment(t Translate, at time.Time) string { return at.UTC().Format(t("time.layout")) }

// TimeElement is Moment for templates: an element that a script can put into
// the time zone of the browser.
func TimeElement(t Translate, at time.Time) template.HTML {
	return template.HTML(`<time datetime="` + at.UTC().Format(time.RFC3339) + `">` + template.HTMLEscapeString(Moment(t, at)) + `</time>`)
}
