package web

import (
	"net/http"
	"net/url"
)

// FromOwnPage reports whether a request comes from a page of this site, and not from
// another site, a mail or the address bar. Use it for a GET with an effect. It
// checks Sec-Fetch-Site or, from older browsers, the Referer.
func FromOwnPage(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site == "same-origin"
	}
	scheme := "http"
	if Info(r.Context()).Secure {
		scheme = "https"
	}
	referer, err := url.Parse(r.Referer())
	return err == nil && referer.Scheme == scheme && referer.Host == r.Host
}
