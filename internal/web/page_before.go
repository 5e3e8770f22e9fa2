package web

import (
	"cmp"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/gorilla/mux"
)

// PageBefore returns the path of the page in the Referer, with its query, or "" if the
// page is not on this site. Of a query with a parameter next, it returns only that. After a
// refused form, the path may have no GET: then PageBefore returns the nearest parent that
// has a GET, with next.
func PageBefore(router *mux.Router, r *http.Request) string {
	referer, err := url.Parse(r.Referer())
	if err != nil || referer.Host != r.Host {
		return ""
	}
	page := cmp.Or(strings.TrimSuffix(referer.EscapedPath(), "/"), "/")
	next := WithNext("", localPath(referer.Query().Get("next")))
	query := next
	if referer.RawQuery != "" && !referer.Query().Has("next") {
		query = "?" + referer.RawQuery
	}
	methods := func() []string {
		return AllowedMethods(router, &http.Request{URL: &url.URL{Path: page + "/"}, Host: r.Host})
	}
	for known := IsLocalPath(page) && len(methods()) > 0; known && page != "/" && !slices.Contains(methods(), http.MethodGet); {
		page, query = path.Dir(page), next
	}
	if !IsLocalPath(page) {
		return ""
	}
	return cmp.Or(localPath(page+query), page+next)
}
