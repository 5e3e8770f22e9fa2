package web

import "net/http"

// refuseCrossOrigin prevents cross-site request forgery by Sec-Fetch-Site, or
// Origin in older browsers.
//
// Buffalo's csrf middleware never checks the origin and is off under GO_ENV=test.
// Its token goes stale on an open login page and needs a cookie on anonymous ones.
// SameSite=Lax is the second defence.
func refuseCrossOrigin(next http.Handler, page ErrorPage) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Info(r.Context()).Event("cross-origin refused")
		page(w, r, http.StatusForbidden)
	}))
	return protection.Handler(next)
}
