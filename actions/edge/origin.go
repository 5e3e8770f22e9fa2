package edge

import "net/http"

// refuseCrossOrigin lets no other site's page change anything here: Go's
// CrossOriginProtection reads Sec-Fetch-Site, or Origin in an older browser.
//
// Buffalo's csrf middleware is left out on purpose. Its origin check never
// runs, it is off under GO_ENV=test, and its token makes a login page that was
// left open fail. This check needs no token, so no form goes stale and an
// anonymous page needs no cookie. SameSite=Lax on the cookie is the second lock.
func refuseCrossOrigin(next http.Handler, page ErrorPage) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		From(r.Context()).Event("cross-origin refused")
		page(w, r, http.StatusForbidden)
	}))
	return protection.Handler(next)
}
