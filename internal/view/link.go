package view

import (
	"html/template"
	"regexp"
)

// Linked returns text as HTML in which URLs are links.
func Linked(text string) template.HTML {
	return template.HTML(urls.ReplaceAllString(template.HTMLEscapeString(text), `<a href="$0">$0</a>`))
}

var urls = regexp.MustCompile(`https?://[^\s<"&]+`)
