package edge

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"corral/config"
)

// logged are the keys that a line may have; docs/security.md says what each holds.
// Whatever else a logger is given is left out: never a parameter, a cookie, a
// token, a typed address or the path of a request.
var logged = []string{
	slog.TimeKey, slog.LevelKey, "event", "request_id", "method", "route", "status", "ms", "client", "user_id",
	"error", "stack", // of a fault of ours
	"mail_id", "template", "attempt", // of the mail worker
}

// NewLogger writes lines of JSON in production, of key=value elsewhere. Either
// quotes what it is given, so that no value can forge a line.
func NewLogger(w io.Writer, c config.Config) *slog.Logger {
	o := &slog.HandlerOptions{Level: c.LogLevel, ReplaceAttr: allow}
	if c.Production() {
		return slog.New(newJSONLog(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

func allow(_ []string, a slog.Attr) slog.Attr {
	switch a.Key {
	case slog.TimeKey:
		a.Value = slog.TimeValue(a.Value.Time().UTC())
	case slog.MessageKey:
		a.Key = "event"
	case "error":
		a.Value = slog.StringValue(redact(a.Value.String()))
	}
	if !slices.Contains(logged, a.Key) {
		return slog.Attr{}
	}
	return a
}

// log writes the line of a request.
func (r *Request) log(status int, duration time.Duration) {
	ms := float64(duration.Microseconds()) / 1000
	if l, ok := r.logger.Handler().(jsonLog); ok && l.logRequest(r, time.Now(), status, ms) {
		return
	}
	r.line(slog.LevelInfo, "request", slog.Int("status", status), slog.Float64("ms", ms))
}

// Event logs something that matters for security, by a fixed name that stands
// in docs/security.md.
func (r *Request) Event(name string) { r.line(slog.LevelInfo, name) }

// Error logs a fault of ours, which the visitor does not get to see.
func (r *Request) Error(err error) {
	r.Trace = fmt.Sprintf("%v\n\n%s", err, debug.Stack())
	r.line(slog.LevelError, "error", slog.String("error", r.withoutInput(err.Error())))
}

// panicked logs a panic with its stack.
func (r *Request) panicked(cause any) {
	stack := string(debug.Stack())
	r.Trace = fmt.Sprintf("panic: %v\n\n%s", cause, stack)
	r.line(slog.LevelError, "panic", slog.String("error", r.withoutInput(fmt.Sprint(cause))), slog.String("stack", stack))
}

func (r *Request) line(level slog.Level, event string, more ...slog.Attr) {
	handler := r.logger.Handler()
	if !handler.Enabled(context.Background(), level) {
		return
	}
	record := slog.NewRecord(time.Now(), level, event, 0) // 0: the logger would look up its caller, and no line shows it
	record.AddAttrs(
		slog.String("request_id", r.ID),
		slog.String("method", r.method),
		slog.String("route", r.Route),
		slog.String("client", r.client()),
		slog.String("user_id", r.UserID),
	)
	record.AddAttrs(more...)
	handler.Handle(context.Background(), record) // a log that cannot be written has nowhere to say so
}

// Printed makes lines of the log of what libraries print, net/http's server
// among them: a client that breaks off the TLS handshake, a port that fails.
type Printed struct{ Logger *slog.Logger }

func (p Printed) Write(text []byte) (int, error) {
	p.Logger.Warn("printed", "error", strings.TrimSpace(string(text)))
	return len(text), nil
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
