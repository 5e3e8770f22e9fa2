package web

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/logger"
)

// BuffaloLogger returns a logger for buffalo.Options. With it, app.Logger, c.Logger()
// and Buffalo's worker write to the same log as AppLogger.
func BuffaloLogger(l *slog.Logger) logger.FieldLogger {
	return &fieldLogger{handler: AppLogger(l).Handler()}
}

// RequestLogger replaces Buffalo's request logger, which logs paths and so tokens. With it,
// c.Logger() adds the request's ID and route to its lines, and the request's own line has
// the route and the fields of c.LogField.
//
//	app.Middleware.Replace(buffalo.RequestLogger, web.RequestLogger)
func RequestLogger(next buffalo.Handler) buffalo.Handler {
	return func(c buffalo.Context) error {
		c.Set("request_id", Info(c).ID) // as Buffalo's does
		if route, ok := c.Value("current_route").(buffalo.RouteInfo); ok {
			Info(c).Route = TrimSlash(route.Path)
		}
		if _, ours := c.Logger().(*fieldLogger); !ours {
			return next(c)
		}
		info := Info(c)
		c.LogField("request", info)
		// c.Logger() is another logger after each c.LogField, so read it at the end.
		defer func() { info.fields, _ = c.Logger().(*fieldLogger) }()
		return next(c)
	}
}

// fieldLogger adds one field to its parent.
type fieldLogger struct {
	handler slog.Handler
	info    *RequestInfo // nil outside of requests
	parent  *fieldLogger
	key     string
	value   any
}

func (l *fieldLogger) WithField(key string, value any) logger.FieldLogger {
	switch value := value.(type) {
	case *RequestInfo:
		bound := *l
		bound.info = value
		return &bound
	case time.Duration:
		if key == "render" {
			return l // Buffalo sets it on every page
		}
	}
	return &fieldLogger{l.handler, l.info, l, key, value}
}

func (l *fieldLogger) WithFields(fields map[string]any) logger.FieldLogger {
	with := logger.FieldLogger(l)
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		with = with.WithField(key, fields[key])
	}
	return with
}

// attrs returns the fields in the order in which they were added. If a key occurs
// twice, the later value counts.
func (l *fieldLogger) attrs() (attrs []slog.Attr) {
	for ; l != nil && l.parent != nil; l = l.parent {
		if !slices.ContainsFunc(attrs, func(a slog.Attr) bool { return a.Key == l.key }) {
			attrs = append(attrs, slog.Any(l.key, l.value))
		}
	}
	slices.Reverse(attrs)
	return attrs
}

func (l *fieldLogger) log(level slog.Level, text func() string) {
	ctx := context.Background()
	if !l.handler.Enabled(ctx, level) {
		return
	}
	if l.info != nil {
		ctx = context.WithValue(ctx, infoKey{}, l.info)
	}
	record := slog.NewRecord(time.Now(), level, clean(l.info, text()), 0)
	record.AddAttrs(l.attrs()...)
	l.handler.Handle(ctx, record) // ignore write errors
}

func (l *fieldLogger) print(level slog.Level, args []any) {
	l.log(level, func() string { return fmt.Sprint(args...) })
}

func (l *fieldLogger) printf(level slog.Level, format string, args []any) {
	l.log(level, func() string { return fmt.Sprintf(format, args...) })
}

func (l *fieldLogger) Debug(args ...any)                 { l.print(slog.LevelDebug, args) }
func (l *fieldLogger) Debugf(format string, args ...any) { l.printf(slog.LevelDebug, format, args) }
func (l *fieldLogger) Info(args ...any)                  { l.print(slog.LevelInfo, args) }
func (l *fieldLogger) Infof(format string, args ...any)  { l.printf(slog.LevelInfo, format, args) }
func (l *fieldLogger) Printf(format string, args ...any) { l.printf(slog.LevelInfo, format, args) }
func (l *fieldLogger) Warnf(format string, args ...any)  { l.printf(slog.LevelWarn, format, args) }
func (l *fieldLogger) Error(args ...any)                 { l.print(slog.LevelError, args) }
func (l *fieldLogger) Errorf(format string, args ...any) { l.printf(slog.LevelError, format, args) }

// Warn writes Buffalo's lines about a clean stop at level INFO: the first has ErrServerClosed,
// the second, after SIGHUP, the error of the app's context.
func (l *fieldLogger) Warn(args ...any) {
	level := slog.LevelWarn
	if slices.Contains(args, any(http.ErrServerClosed)) || slices.Contains(args, any(context.Canceled)) {
		level = slog.LevelInfo
	}
	l.print(level, args)
}

func (l *fieldLogger) Fatal(args ...any) { l.Error(args...); exit() }

func (l *fieldLogger) Fatalf(format string, args ...any) { l.Errorf(format, args...); exit() }

func (l *fieldLogger) Panic(args ...any) { l.Error(args...); panic(fmt.Sprint(args...)) }

func exit() {
	closeLogBuffers()
	os.Exit(1)
}
