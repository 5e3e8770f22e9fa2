package web

import (
	"net/http"
	"net/url"
)

// refuseCrossOrigin prevents cross-site request forgery. It checks Sec-Fetch-Site or,
// from older browsers, Origin. It compares the whole origin; net/http compares only the
// host.
//
// Buffalo's csrf middleware does not check the origin and is off under GO_ENV=test. Its
// token expires while a login page is open, and needs a cookie on pages without a
// session. The cookies' SameSite=Lax is the second defence.
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
		case o.CrossOrigin != nil && o.CrossOrigin(r.URL.Path):
			next.ServeHTTP(w, r)
		case safe || origin == "" || r.Header.Get("Sec-Fetch-Site") != "":
			protected.ServeHTTP(w, r)
		case isOwnOrigin(origin, r, o):
			next.ServeHTTP(w, r)
		default:
			refuse(w, r)
		}
	})
}

// isOwnOrigin reports whether origin is exactly the origin of the requested URL:
// the public URL or, with LoopbackNames, a loopback name.
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
