package web

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// IsNavigation reports whether the user will see the response. It is false for fetches,
// images and prefetches: these must not use up or add flash messages, and must not
// become the page to return to after a login. For clients other than browsers, it
// reports whether they accept HTML.
func IsNavigation(r *http.Request) bool {
	mode := r.Header.Get("Sec-Fetch-Mode")
	return (mode == "" || mode == "navigate") && r.Header.Get("X-Requested-With") == "" && !IsPrefetch(r) && acceptsHTML(r)
}

// IsPrefetch reports whether the browser loads a page that the user may never see.
// Older browsers send Purpose or X-Moz.
func IsPrefetch(r *http.Request) bool {
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Moz"} {
		if strings.Contains(strings.ToLower(r.Header.Get(name)), "prefetch") {
			return true
		}
	}
	return false
}

// IsHead reports whether the client asked for the headers only. For the app, such a request
// is a GET.
func IsHead(r *http.Request) bool { return Info(r.Context()).method == http.MethodHead }

// acceptsHTML reports whether the client accepts HTML, or application/html, which Buffalo's
// package httptest sends.
func acceptsHTML(r *http.Request) bool {
	accept := accepted(r)
	return accept == "" || strings.Contains(accept, "html") || strings.Contains(accept, "*/*") || strings.Contains(accept, "text/*")
}

// accepted returns the Accept header in lower case, without what the client excludes by the
// weight 0.
func accepted(r *http.Request) string {
	ranges := strings.Split(strings.ToLower(strings.Join(r.Header.Values("Accept"), ",")), ",")
	return strings.Join(slices.DeleteFunc(ranges, excluded.MatchString), ",")
}

var excluded = regexp.MustCompile(`;\s*q\s*=\s*0(\.0*)?\s*(;|$)`)
