package edge

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"corral/config"
)

// NewLogger writes what is listed here and nothing else: never a parameter, a
// cookie, a token, a typed address or the path of a request. Values are JSON
// or quoted, so that none can forge a line.
func NewLogger(w io.Writer, c config.Config) *slog.Logger {
	o := &slog.HandlerOptions{
		Level: c.LogLevel,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			switch a.Key {
			case slog.TimeKey:
				a.Value = slog.TimeValue(a.Value.Time().UTC())
			case slog.MessageKey:
				a.Key = "event"
			}
			return a
		},
	}
	if c.Production() {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// log writes the line of a request.
func (r *Request) log(method string, status int, duration time.Duration) {
	r.logger.LogAttrs(context.Background(), slog.LevelInfo, "request",
		slog.String("request_id", r.ID),
		slog.String("method", knownMethod(method)),
		slog.String("route", r.Route),
		slog.Int("status", status),
		slog.Float64("ms", float64(duration.Microseconds())/1000),
		slog.String("client", r.client()),
		slog.String("user_id", r.UserID),
	)
}

// Event logs something that matters for security, by a fixed name.
func (r *Request) Event(name string) {
	r.logger.LogAttrs(context.Background(), slog.LevelInfo, name,
		slog.String("request_id", r.ID),
		slog.String("route", r.Route),
		slog.String("client", r.client()),
		slog.String("user_id", r.UserID),
	)
}

// Error logs a fault of ours, which the visitor does not get to see.
func (r *Request) Error(err error) {
	r.Trace = fmt.Sprintf("%v\n\n%s", err, debug.Stack())
	r.logger.LogAttrs(context.Background(), slog.LevelError, "error",
		slog.String("request_id", r.ID),
		slog.String("route", r.Route),
		slog.String("error", err.Error()),
	)
}

// panicked logs a panic with its stack.
func (r *Request) panicked(cause any) {
	r.Trace = fmt.Sprintf("panic: %v\n\n%s", cause, debug.Stack())
	r.logger.LogAttrs(context.Background(), slog.LevelError, "panic",
		slog.String("request_id", r.ID),
		slog.String("route", r.Route),
		slog.Any("cause", cause),
		slog.String("stack", string(debug.Stack())),
	)
}

func (r *Request) client() string {
	if !r.Client.IsValid() {
		return ""
	}
	return r.Client.String()
}

// knownMethod keeps a method that a visitor made up out of the log.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodOptions, http.MethodTrace, http.MethodConnect:
		return method
	}
	return "other"
}

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
