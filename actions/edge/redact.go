package edge

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// maxError is how much of an error is logged, in bytes.
const maxError = 2000

var (
	emailLike = regexp.MustCompile(`[^\s"<>()=,;:\[\]{}]+@[^\s"'<>()=,;:\[\]{}]+`)
	tokenLike = regexp.MustCompile(`\b[A-Za-z0-9_-]{40,}\b`) // ours have 43 characters
)

// redact strikes out of an error's text what an address or a token looks like.
// PostgreSQL and mail servers quote what they refuse. It cuts last, for what is
// left of a token that was cut looks like none.
func redact(text string) string {
	text = tokenLike.ReplaceAllString(emailLike.ReplaceAllString(text, "(address)"), "(token)")
	if len(text) > maxError {
		text = strings.ToValidUTF8(text[:maxError], "") + "…"
	}
	return text
}

// shortestInput is what is struck out, in bytes. Anything shorter stands in
// every text by chance, and is no secret worth the name.
const shortestInput = 4

// struck marks what was struck out until everything is. It is shorter than any
// input: one that looks like a part of "(input)" would make the text grow without end.
const struck = "\x00"

// withoutInput strikes out of an error's text what the visitor sent, passwords
// included, whoever quotes it.
func (r *Request) withoutInput(text string) string {
	for _, value := range input(r.request, r.Route) {
		text = strings.ReplaceAll(text, value, struck)
	}
	return strings.ReplaceAll(text, struck, "(input)")
}

// input is what the visitor chose of a request, the longest first.
func input(r *http.Request, route string) []string {
	var values []string
	if r.URL != nil {
		values = append(strings.Split(r.URL.Path, "/"), r.URL.Path, r.URL.RawQuery)
		for _, list := range r.URL.Query() {
			values = append(values, list...)
		}
	}
	for _, list := range r.PostForm {
		values = append(values, list...)
	}
	for _, cookie := range r.Cookies() {
		values = append(values, cookie.Value)
	}
	values = append(values, r.UserAgent(), r.Referer())
	values = slices.DeleteFunc(values, func(v string) bool { return len(v) < shortestInput || strings.Contains(route, v) })
	slices.SortFunc(values, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return slices.Compact(values)
}
