package actions

import (
	"io"
	"log/slog"
	"os"
	"testing"

	"corral/config"
	"corral/internal/apptest"
	"corral/internal/web"
)

var logOutput io.Writer = os.Stdout

func testLogger(c config.Config) *slog.Logger {
	return web.NewLogger(logOutput, c.LogLevel, c.Production())
}

func captureLog(t testing.TB) *apptest.LogBuffer {
	log, before := &apptest.LogBuffer{}, logOutput
	logOutput = log
	t.Cleanup(func() { logOutput = before })
	return log
}
