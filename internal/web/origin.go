package web

import (
	"net/http"
	"net/url"
)

// refuseCrossOrigin prevents cross-site request forgery by Sec-Fetch-Site, or
// Origin in older browsers, of which net/http compares the host alone.
//
// Buffalo's csrf middleware never checks the origin and is off under GO_ENV=test.
// Its token goes stale on an open login page and needs a cookie on anonymous ones.
// SameSite=Lax is the second defence.
func refuseCrossOrigin(next http.Handler, o Options) http.Handler {
	refuse := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Info(r.Context()).Event("cross-origin refused")
		o.ErrorPage(w, r, http.StatusForbidden)
	})
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(refuse)
	protected := protection.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		safe := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
		switch origin := r.Header.Get("Origin"); {
		case safe || origin == "" || r.Header.Get("Sec-Fetch-Site") != "":
			protected.ServeHTTP(w, r)
		case isOwnOrigin(origin, r, o):
			next.ServeHTTP(w, r)
		default:
			refuse(w, r)
		}
	})
}

// isOwnOrigin reports whether origin is exactly that of the request: the public
// URL's or, with LoopbackNames, a loopback name's.
func isOwnOrigin(origin string, r *http.Request, o Options) bool {
	scheme := o.PublicURL.Scheme
	if withPort(r.Host, scheme) != withPort(o.PublicURL.Host, scheme) {
		scheme = "http"
		if Info(r.Context()).Secure {
			scheme = "https"
		}
	}
	u, err := url.Parse(origin)
	return err == nil && *u == url.URL{Scheme: scheme, Host: u.Host} && withPort(u.Host, scheme) == withPort(r.Host, scheme)
}
