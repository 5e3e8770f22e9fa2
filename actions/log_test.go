package actions

import (
	"io"
	"log/slog"
	"testing"

	"corral/config"
	"corral/internal/apptest"
	"corral/internal/web"
)

// logOutput receives the log in place of the test, unless it is nil.
var logOutput io.Writer

// testLogger returns the logger of an app. go test prints its lines if the test fails.
func testLogger(t testing.TB, c config.Config) *slog.Logger {
	out := logOutput
	if out == nil {
		out = t.Output()
	}
	return web.NewLogger(out, c.LogLevel, c.Production())
}

func captureLog(t testing.TB) *apptest.LogBuffer {
	log, before := &apptest.LogBuffer{}, logOutput
	logOutput = log
	t.Cleanup(func() { logOutput = before })
	return log
}
