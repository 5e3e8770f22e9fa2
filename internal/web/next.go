package web

import (
	"net/http"
	"net/url"
)

// WithNext adds the parameter next to a path without a query: the page to redirect to
// after a login. If next is "", it returns the path unchanged.
func WithNext(path, next string) string {
	if next == "" {
		return path
	}
	return path + "?" + url.Values{"next": {next}}.Encode()
}

// PageOf returns the path and query of a request as a local path, or "".
func PageOf(r *http.Request) string {
	page := url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
	return localPath(withoutSlash(page.RequestURI()))
}

func localPath(path string) string {
	if !IsLocalPath(path) {
		return ""
	}
	return path
}
