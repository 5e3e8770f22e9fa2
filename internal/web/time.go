package web

import (
	"context"
	"net/http"
	"time"
)

// DefaultMaxTime is the limit of paths without their own limit. Server's ReadTimeout is
// the same, and its WriteTimeout is sendTime longer: only longer limits set deadlines.
const DefaultMaxTime = 15 * time.Second

// sendTime is how long a slow client may take, after the deadline, to receive the
// error page.
const sendTime = 15 * time.Second

// limitTime ends the request's context after the path's limit, so that database queries
// end. It sets the connection's deadlines accordingly.
func limitTime(next http.Handler, maxTime func(path string) time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limit := maxTime(r.URL.Path)
		if limit <= 0 {
			setDeadlines(w, time.Time{})
			next.ServeHTTP(w, r)
			return
		}
		if limit > DefaultMaxTime {
			setDeadlines(w, time.Now().Add(limit+sendTime))
		}
		ctx, cancel := context.WithTimeout(r.Context(), limit)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func setDeadlines(w http.ResponseWriter, end time.Time) {
	controller := http.NewResponseController(w)
	controller.SetReadDeadline(end)
	controller.SetWriteDeadline(end)
}

// Controller returns the request's http.ResponseController. Buffalo's writer hides
// the connection's deadlines from http.NewResponseController.
func Controller(ctx context.Context) *http.ResponseController {
	if res := Info(ctx).response; res != nil {
		return http.NewResponseController(res)
	}
	return http.NewResponseController(nil) // its methods return http.ErrNotSupported
}
