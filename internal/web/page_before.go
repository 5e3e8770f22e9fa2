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

// PageBefore returns the path of the page in the Referer, with its parameter next, or
// "" if the page is not on this site. After a refused form, the path may have no GET:
// then PageBefore returns the nearest parent that has a GET.
func PageBefore(router *mux.Router, r *http.Request) string {
	referer, err := url.Parse(r.Referer())
	if err != nil || referer.Host != r.Host {
		return ""
	}
	page := cmp.Or(strings.TrimSuffix(referer.EscapedPath(), "/"), "/")
	for page != "/" && IsLocalPath(page) {
		probe := &http.Request{URL: &url.URL{Path: page + "/"}, Host: r.Host}
		if allowed := AllowedMethods(router, probe); len(allowed) == 0 || slices.Contains(allowed, http.MethodGet) {
			return WithNext(page, localPath(referer.Query().Get("next")))
		}
		page = path.Dir(page)
	}
	if page == "/" {
		return page
	}
	return ""
}
