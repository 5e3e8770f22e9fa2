package edge

import "net/http"

// recoverPanics turns a panic into a logged 500. When half an answer is out
// already, the connection is all that can be given up.
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
			From(r.Context()).panicked(cause)
			if answer, ok := w.(*response); ok && answer.status != 0 {
				panic(http.ErrAbortHandler)
			}
			page(w, r, http.StatusInternalServerError)
		}()
		next.ServeHTTP(w, r)
	})
}
