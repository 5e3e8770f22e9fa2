package web

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	stdlog "log"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/buffalo/render"
	"github.com/gobuffalo/buffalo/worker"
	"github.com/stretchr/testify/require"
)

func newLoggingApp(log *buffer, h buffalo.Handler) *buffalo.App {
	app := buffalo.New(buffalo.Options{Env: "test", Logger: BuffaloLogger(newLog(log)), MethodOverride: MethodOverride})
	app.Middleware.Remove(app.PanicHandler)
	app.Middleware.Replace(buffalo.RequestLogger, RequestLogger)
	app.Use(func(next buffalo.Handler) buffalo.Handler {
		return func(c buffalo.Context) error {
			Info(c).Route = c.Value("current_route").(buffalo.RouteInfo).Path
			return next(c)
		}
	})
	app.POST("/things/{id}", h)
	return app
}

func TestRequestID_OnEveryResponseAndLine(t *testing.T) {
	log := new(buffer)
	assets, err := LoadAssets(fstest.MapFS{"robots.txt": {Data: []byte("x")}}, false)
	require.NoError(t, err)
	s := serve(t, echo, logTo(log), func(o *Options) {
		o.Assets, o.Pages = assets, Pages{Paths: []string{"/kept"}, Language: func(*http.Request) string { return "en" }}
	})
	ids := map[string]bool{}
	for n, path := range []string{"/", "/panic", "/robots.txt", "/kept", "/kept", "/assets/none"} {
		res, _ := send(t, s, "GET", path, "")
		require.Len(t, res.Header.Values("X-Request-Id"), 1)
		lines := log.wait(t, n+1+len(panicsIn(log.lines(t)))) // a panic has a line of its own
		require.Equal(t, lines[len(lines)-1]["request_id"], res.Header.Get("X-Request-Id"), path)
		ids[res.Header.Get("X-Request-Id")] = true
	}
	require.Len(t, ids, 6)
}

func TestBuffaloLogger_LogsWithTheRequest(t *testing.T) {
	log := new(buffer)
	app := newLoggingApp(log, func(c buffalo.Context) error {
		c.Logger().Debug("too quiet")
		c.Logger().Warnf("low on %s", "paper")
		c.LogField("tenant", "acme")
		c.LogFields(map[string]any{"rows": 7, "tenant": "other", "level": "forged", "request_id": "forged"})
		c.Logger().WithField("error", errors.New("cannot store \"hunter2hunter2\" of ada@example.com")).Error(errors.New("quoted: hunter2hunter2"))
		return c.Render(200, render.New(render.Options{}).String("done"))
	})
	s := serve(t, app, func(o *Options) { o.Logger = newLog(log) })
	res, _ := send(t, s, "POST", "/things/1", "password=hunter2hunter2")
	lines := log.wait(t, 3)
	for _, line := range lines {
		require.Equal(t, res.Header.Get("X-Request-Id"), line["request_id"])
		require.Equal(t, "/things/{id}/", line["route"])
		require.Equal(t, "POST", line["method"])
	}
	require.Equal(t, "WARN", lines[0]["level"])
	require.Equal(t, "low on paper", lines[0]["event"])
	require.Equal(t, "ERROR", lines[1]["level"])
	require.Equal(t, "quoted: (input)", lines[1]["event"])
	require.Equal(t, `cannot store "(input)" of (email)`, lines[1]["error"])
	require.Equal(t, "request", lines[2]["event"])
	require.EqualValues(t, 200, lines[2]["status"])
	for _, line := range lines[1:] {
		require.Equal(t, "other", line["tenant"], "the last value counts")
		require.EqualValues(t, 7, line["rows"])
		require.Equal(t, "forged", line["fields.level"])
		require.Equal(t, "forged", line["fields.request_id"])
		require.NotContains(t, line, "render")
	}
	require.Equal(t, 2, bytes.Count(log.b.Bytes(), []byte(`"tenant":`)), "once a line")
}

func TestBuffaloLogger_LogsOutsideOfRequests(t *testing.T) {
	log := new(buffer)
	app := newLoggingApp(log, nil)
	app.Logger.Printf("%d rows", 7)
	app.Logger.Warn("stopping application: ", http.ErrServerClosed)                      // Buffalo's line, after a signal
	app.Logger.Warn("application context has already been canceled: ", context.Canceled) // and another, after SIGHUP
	app.Logger.Warn("stopping application: ", errors.New("accept failed"))
	require.NoError(t, app.Worker.Register("fails", func(worker.Args) error { return errors.New("job failed") }))
	require.NoError(t, app.Worker.Register("panics", func(worker.Args) error { panic("job panicked") }))
	require.NoError(t, app.Worker.Start(t.Context()))
	for _, name := range []string{"fails", "panics"} {
		require.NoError(t, app.Worker.Perform(worker.Job{Handler: name}))
	}
	require.NoError(t, app.Worker.Stop())
	levels := map[any]any{}
	for _, line := range log.lines(t) {
		levels[line["event"]] = line["level"]
		require.NotContains(t, line, "request_id")
	}
	require.Equal(t, "INFO", levels["7 rows"])
	require.Equal(t, "INFO", levels["stopping application: http: Server closed"])
	require.Equal(t, "INFO", levels["application context has already been canceled: context canceled"])
	require.Equal(t, "WARN", levels["stopping application: accept failed"])
	require.Equal(t, "ERROR", levels["job failed"])
	require.Equal(t, "ERROR", levels["job panicked"])
	require.PanicsWithValue(t, "over", func() { app.Logger.Panic("over") })
}

func TestAppLogger(t *testing.T) {
	before, flags, output := slog.Default(), stdlog.Flags(), stdlog.Writer()
	t.Cleanup(func() { slog.SetDefault(before); stdlog.SetFlags(flags); stdlog.SetOutput(output) })
	log := new(buffer)
	slog.SetDefault(AppLogger(newLog(log)))
	s := serve(t, newApp("GET", func(c buffalo.Context) error {
		Info(c).Route = "/"
		slog.WarnContext(c, "imported", "rows", 7, "took", time.Second, "of", "ada@example.com", slog.Group("file", "name", "a.csv"))
		slog.With("tenant", "acme").WithGroup("job").With("id", 1).InfoContext(c, "done", "error", errors.New("none"), "msg", 2)
		fmt.Fprint(c.Response(), "done")
		return nil
	}))
	res, _ := send(t, s, "GET", "/?code=imported&token=none", "")
	slog.Debug("too quiet")
	stdlog.Printf("printed for %s", strings.Repeat("Ab-_", 11))
	lines := log.lines(t)
	require.Len(t, lines, 3)
	for key, want := range map[string]any{
		"level": "WARN", "event": "imported", "rows": 7.0, "took": 1e9, "of": "(email)", "file.name": "a.csv", "request_id": res.Header.Get("X-Request-Id"), "route": "/", "method": "GET",
	} {
		require.Equal(t, want, lines[0][key], key)
	}
	for key, want := range map[string]any{"level": "INFO", "tenant": "acme", "job.id": 1.0, "job.error": "(input)", "job.msg": 2.0, "route": "/"} {
		require.Equal(t, want, lines[1][key], key)
	}
	require.Equal(t, "printed for (token)", lines[2]["event"])
	require.Equal(t, "INFO", lines[2]["level"])
	require.Equal(t, []string{"event", "level", "time"}, keysOf(lines[2]))
}

// secretValues are attributes of other types than string and error.
func secretValues() map[string]any {
	const secret = "R&D-hunter2"
	return map[string]any{
		"form": url.Values{"password": {secret}}, "url": &url.URL{Path: "/x", RawQuery: "password=" + url.QueryEscape(secret)}, "map": map[string]any{"a": secret, "n": 7},
		"list": []string{"a", secret}, "struct": struct{ Email, A string }{"ada@example.com", secret}, "bytes": []byte("a " + secret), "raw": json.RawMessage(`["` + secret + `"]`),
		"digits": map[string]int{"code": 987654}, "number": 987654, "stringer": netip.AddrPortFrom(netip.IPv6Unspecified(), 80), "broken": map[string]any{"a": func() {}, "b": secret},
	}
}

func TestAppLogger_RedactsEveryType(t *testing.T) {
	for _, inJSON := range []bool{true, false} {
		log := new(buffer)
		logger := NewLogger(log, slog.LevelInfo, inJSON)
		app := newLoggingApp(log, func(c buffalo.Context) error {
			for key, value := range secretValues() {
				c.LogField("field-"+key, value)
				AppLogger(logger).InfoContext(c, "done", key, value, slog.Group("group", key, value))
			}
			return nil
		})
		send(t, serve(t, app, func(o *Options) { o.Logger = logger }), "POST", "/things/1", "password=R%26D-hunter2&code=987654")
		text := log.b.String()
		for _, secret := range []string{"hunter2", base64.StdEncoding.EncodeToString([]byte("a R&D-hunter2")), "987654", "ada@example.com"} {
			require.NotContains(t, text, secret)
		}
	}
}

func TestAppLogger_ValuesKeepTheirStructure(t *testing.T) {
	log := new(buffer)
	AppLogger(newLog(log)).Info("done", "list", []string{"a", strings.Repeat("b ", maxError)}, "map", map[string]any{"n": 7, "email": "ada@example.com"},
		"bytes", []byte("abc"), "none", nil, "broken", func() {}, "at", netip.MustParseAddr("192.0.2.1"))
	line := log.lines(t)[0]
	for key, want := range map[string]any{
		"list": []any{"a", strings.Repeat("b ", maxError)}, "map": map[string]any{"n": 7.0, "email": "(email)"}, "bytes": "YWJj", "none": nil,
		"broken": "!ERROR:json: unsupported type: func()", "at": "192.0.2.1",
	} {
		require.Equal(t, want, line[key], key)
	}
	var text bytes.Buffer
	AppLogger(NewLogger(&text, slog.LevelInfo, false)).Info("done", "list", []string{"a", "b"}, "bytes", []byte("abc"), "at", netip.MustParseAddr("192.0.2.1"))
	require.Contains(t, text.String(), `list="[a b]" bytes=abc at=192.0.2.1`)
}

// A line has the digest of one email.
func TestAppLogger_EmailDigest(t *testing.T) {
	log := new(buffer)
	s := serve(t, newApp("GET", func(c buffalo.Context) error {
		for _, digest := range []string{"", "a"} {
			Info(c).EmailDigest = digest
			AppLogger(newLog(log)).InfoContext(c, "mail withheld", "email_digest", "a")
		}
		AppLogger(newLog(log)).InfoContext(c, "mail withheld", "email_digest", "b")
		fmt.Fprint(c.Response(), "done")
		return nil
	}))
	send(t, s, "GET", "/", "")
	AppLogger(newLog(log)).Info("mail withheld", "email_digest", "a")
	lines := log.lines(t)
	require.Len(t, lines, 4)
	for _, line := range lines {
		require.Equal(t, "a", line["email_digest"])
	}
	require.Equal(t, 4, strings.Count(log.b.String(), `"email_digest"`))
	require.Equal(t, "b", lines[2]["fields.email_digest"])
}

func TestAppLogger_Text(t *testing.T) {
	var log bytes.Buffer
	AppLogger(NewLogger(&log, slog.LevelInfo, false)).Info("forged\nlevel=ERROR", "a key", "a\nvalue", "time", "now")
	require.Regexp(t, `^time=\S+ level=INFO event="forged\\nlevel=ERROR" "a key"="a\\nvalue" fields.time=now\n$`, log.String())
}

func TestBuffaloLogger_DisabledLevelCostsLittle(t *testing.T) {
	l := BuffaloLogger(NewLogger(new(bytes.Buffer), slog.LevelInfo, true)).WithField("request", Info(context.Background()))
	require.Zero(t, testing.AllocsPerRun(100, func() { l.WithField("render", time.Duration(100)) }))
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { l.Debug("nothing") }), 1.0)
}
