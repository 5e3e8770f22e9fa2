package actions

import (
	"io"
	"os"

	"github.com/gobuffalo/logger"
	"github.com/sirupsen/logrus"
)

// logOutput is where the edge logs.
var logOutput io.Writer = os.Stdout

// quietLogger is what Buffalo logs to. Nothing of it is wanted: it would print
// paths and parameters, and everything that matters is logged by the edge.
func quietLogger() logger.FieldLogger {
	l := logrus.New()
	l.SetOutput(io.Discard)
	l.SetLevel(logrus.PanicLevel)
	return logger.Logrus{FieldLogger: l}
}
