package web

import (
	"net/http"
	"strings"
)

// IsNavigation reports whether the user will see the response: not that of a fetch,
// an image or a prefetch. Other requests must not leave messages for the next page,
// nor become the place to return to. Clients other than browsers navigate if they
// accept HTML.
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

// acceptsHTML ignores weights: no client lists HTML to refuse it. Buffalo's package
// httptest asks for application/html.
func acceptsHTML(r *http.Request) bool {
	accept := strings.ToLower(strings.Join(r.Header.Values("Accept"), ","))
	return accept == "" || strings.Contains(accept, "html") || strings.Contains(accept, "*/*") || strings.Contains(accept, "text/*")
}
