package web

import "net/http"

// recoverPanics logs a panic and answers 500. It aborts a response that has begun: a
// partial response must not look complete.
func recoverPanics(next http.Handler, page ErrorPage) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if cause == http.ErrAbortHandler {
				panic(cause)
			}
			Info(r.Context()).panicked(cause)
			if Info(r.Context()).Started() {
				panic(http.ErrAbortHandler)
			}
			page(w, r, http.StatusInternalServerError)
		}()
		next.ServeHTTP(w, r)
	})
}
