package web

import (
	"context"
	"net/http"
	"time"
)

const (
	// defaultMaxTime is how long a request may take if Options has no MaxTime. The
	// timeouts of Server fit it.
	defaultMaxTime = 15 * time.Second
	// sendTime is how long the connection stays open after the context has ended,
	// so that a slow client gets the error page.
	sendTime = 15 * time.Second
)

// limitTime ends the context of a request after its path's time, so that a query
// that waits for the database gives up. The deadlines of the connection follow.
func limitTime(next http.Handler, maxTime func(path string) time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limit := maxTime(r.URL.Path)
		if limit <= 0 {
			setDeadlines(w, time.Time{})
			next.ServeHTTP(w, r)
			return
		}
		if limit > defaultMaxTime {
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

// Controller returns the http.ResponseController of the request behind ctx, which
// buffalo.Context is: Buffalo's own writer hides the deadlines of the connection
// from http.NewResponseController.
func Controller(ctx context.Context) *http.ResponseController {
	if res := Info(ctx).response; res != nil {
		return http.NewResponseController(res)
	}
	return http.NewResponseController(nil) // whose methods return http.ErrNotSupported
}
