package edge

import (
	"context"
	"net/http"
	"time"
)

// maxTime is how long the app may take over a request. A login may wait ten
// seconds for its turn to be hashed, and the rest is for the database; what is
// left of WriteTimeout is for the 503 to reach a slow visitor.
const maxTime = 15 * time.Second

// limitTime ends the context of a request after maxTime: whatever waits for the
// database gives up, and the app answers 503.
func limitTime(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), maxTime)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
