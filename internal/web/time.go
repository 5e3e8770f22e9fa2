package web

import (
	"context"
	"net/http"
	"time"

	"github.com/gobuffalo/buffalo"
)

// DefaultMaxTime is the limit of paths without their own limit. Server's ReadTimeout is
// the same, and its WriteTimeout is sendTime longer: AllowTime sets deadlines for longer limits.
const DefaultMaxTime = 15 * time.Second

// sendTime is how long a slow client may take, after the deadline, to receive the
// error page.
const sendTime = 15 * time.Second

// limitTime ends the request's context after the path's limit, so that database queries
// end.
func limitTime(next http.Handler, maxTime func(path string) time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limit := maxTime(r.URL.Path)
		Info(r.Context()).maxTime = limit
		if limit <= 0 {
			next.ServeHTTP(w, r)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), limit)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// AllowTime is a middleware for paths whose MaxTime is longer than DefaultMaxTime: it sets the
// connection's deadlines sendTime after it, or none if MaxTime is 0. Put it behind the guards, so that a client that they refuse cannot hold the
// connection, and before ReadBody.
func AllowTime(next buffalo.Handler) buffalo.Handler {
	return func(c buffalo.Context) error {
		info := Info(c)
		if info.response == nil || info.maxTime > 0 && info.maxTime <= DefaultMaxTime {
			return next(c)
		}
		end := time.Time{}
		if info.maxTime > 0 {
			end = time.Now().Add(info.maxTime + sendTime)
		}
		setDeadlines(info.response, end)
		defer func() {
			if !info.response.hijacked {
				// Bounds how long net/http reads the rest of the body. The write deadline stays: a slow
				// client may still receive the response.
				http.NewResponseController(info.response).SetReadDeadline(time.Now().Add(sendTime))
			}
		}()
		return next(c)
	}
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
