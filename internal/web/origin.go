package web

import "net/http"

// refuseCrossOrigin prevents cross-site request forgery: http.CrossOriginProtection
// reads Sec-Fetch-Site, or Origin in an older browser.
//
// It replaces Buffalo's csrf middleware, whose origin check never runs, which is
// off under GO_ENV=test, and whose token makes a login page fail that was left
// open. Without a token no form goes stale, and an anonymous page needs no cookie.
// SameSite=Lax on the session cookie is the second defence.
func refuseCrossOrigin(next http.Handler, page ErrorPage) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Info(r.Context()).Event("cross-origin refused")
		page(w, r, http.StatusForbidden)
	}))
	return protection.Handler(next)
}
