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

// logOutput is where the sites of the tests log.
var logOutput io.Writer = os.Stdout

func testLogger(c config.Config) *slog.Logger {
	return web.NewLogger(logOutput, c.LogLevel, c.Production())
}

// captureLog catches the log of the sites that are started after it.
func captureLog(t testing.TB) *apptest.LogBuffer {
	log, before := &apptest.LogBuffer{}, logOutput
	logOutput = log
	t.Cleanup(func() { logOutput = before })
	return log
}
