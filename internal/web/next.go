package web

import (
	"net/http"
	"net/url"
)

// WithNext adds the query parameter "next", the page to redirect to after a login or a
// confirmation, to a path that has no query, such as "". If next is "", it returns path.
func WithNext(path, next string) string {
	if next == "" {
		return path
	}
	return path + "?" + url.Values{"next": {next}}.Encode()
}

// PageOf returns the path and query of a request, without a slash at the end of the path,
// or "" if IsLocalPath refuses it.
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
