package web

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

var lineKeys = []string{slog.TimeKey, slog.LevelKey, "event", "request_id", "method", "route", "status", "ms", "client", "user_id", digestKey}

const digestKey = "email_digest"

// logged lists the allowed keys. AppLogger's lines may have others. Prevents logging a
// parameter, cookie, token, email or path by accident.
var logged = append(slices.Clip(lineKeys),
	"error", "stack", "limit",
	"mail_id", "template", "attempt", "given_up", // keys of the mail worker
	"lines", // a key of LogBuffer
)

// NewLogger returns a logger that writes allowed keys only, in lines of JSON or key=value.
// Values are quoted, so that they cannot forge lines. For the app's own lines, use
// AppLogger and BuffaloLogger.
func NewLogger(w io.Writer, level slog.Level, json bool) *slog.Logger {
	o := &slog.HandlerOptions{Level: level, ReplaceAttr: allow}
	to := func(w io.Writer) *slog.Logger {
		if json {
			return slog.New(slog.NewJSONHandler(w, o))
		}
		return slog.New(slog.NewTextHandler(w, o))
	}
	if buffer, ok := w.(*LogBuffer); ok {
		buffer.report = func(lost int) []byte {
			var line bytes.Buffer
			to(&line).Error("log lines lost", "lines", lost)
			return line.Bytes()
		}
	}
	return to(w)
}

func allow(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindAny {
		if field, ok := a.Value.Any().(chosen); ok {
			a.Value = field.value
			return a
		}
	}
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

func (r *RequestInfo) log(status int, cut bool, duration time.Duration) {
	event := cmp.Or(r.event, "request")
	if cut {
		event = "request cut off"
		if r.event != "" {
			r.line(slog.LevelInfo, r.event)
		}
	}
	attrs := []slog.Attr{slog.Int("status", status), slog.Float64("ms", float64(duration.Microseconds())/1000)}
	r.line(slog.LevelInfo, event, append(attrs, choose(r, r.fields.attrs())...)...)
}

// Event logs a security event: the first of a request on the request's line, a further one
// on its own line. Event drops a further refusal: in a flood of refused requests, each must
// write only one line.
func (r *RequestInfo) Event(name string) {
	switch {
	case r.event == "":
		r.event = name
	case !strings.HasSuffix(name, " refused"):
		r.line(slog.LevelInfo, name)
	}
}

// Error logs an error that the client does not see.
func (r *RequestInfo) Error(err error) {
	r.Trace = fmt.Sprintf("%v\n\n%s", err, debug.Stack())
	r.line(slog.LevelError, "error", slog.String("error", r.withoutSecrets(err.Error())))
}

func (r *RequestInfo) panicked(cause any) {
	stack := string(debug.Stack())
	r.Trace = fmt.Sprintf("panic: %v\n\n%s", cause, stack)
	r.line(slog.LevelError, "panic", slog.String("error", r.withoutSecrets(fmt.Sprint(cause))), slog.String("stack", stack))
}

func (r *RequestInfo) line(level slog.Level, event string, more ...slog.Attr) {
	handler := r.logger.Handler()
	if !handler.Enabled(context.Background(), level) {
		return
	}
	record := slog.NewRecord(time.Now(), level, event, 0)
	record.AddAttrs(r.attrs()...)
	record.AddAttrs(more...)
	handler.Handle(context.Background(), record) // ignore write errors
}

func (r *RequestInfo) attrs() []slog.Attr {
	attrs := []slog.Attr{
		slog.String("request_id", r.ID),
		slog.String("method", r.method),
		slog.String("route", r.Route),
		slog.String("client", r.client()),
		slog.String("user_id", r.UserID),
	}
	if r.EmailDigest != "" {
		attrs = append(attrs, slog.String(digestKey, r.EmailDigest))
	}
	if r.Limit != "" {
		attrs = append(attrs, slog.String("limit", r.Limit))
	}
	return attrs
}

// Printed is a writer that logs what net/http and other libraries print, as warnings. A failed
// TLS handshake is none: every port scan makes some.
type Printed struct{ Logger *slog.Logger }

func (p Printed) Write(text []byte) (int, error) {
	level := slog.LevelWarn
	if bytes.HasPrefix(text, []byte("http: TLS handshake error from ")) {
		level = slog.LevelInfo
	}
	p.Logger.Log(context.Background(), level, "printed", "error", strings.TrimSpace(string(text)))
	return len(text), nil
}

func (r *RequestInfo) client() string {
	if !r.Client.IsValid() {
		return ""
	}
	return r.Client.String()
}

// knownMethod returns method, or "other": prevents a client from writing text to the
// log by inventing a method.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodOptions, http.MethodTrace, http.MethodConnect:
		return method
	}
	return "other"
}
