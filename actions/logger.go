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
	return quiet{logger.Logrus{FieldLogger: l}}
}

// quiet spares every page the copy that Buffalo makes to note a field in.
type quiet struct{ logger.FieldLogger }

func (q quiet) WithField(string, any) logger.FieldLogger     { return q }
func (q quiet) WithFields(map[string]any) logger.FieldLogger { return q }
