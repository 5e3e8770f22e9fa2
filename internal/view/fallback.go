package view

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/gobuffalo/plush/v4"
	"github.com/gobuffalo/plush/v4/ast"
)

// tell tells of a template that plush or Buffalo rendered: in development the log
// says so once, with the reason.
func (e *Engine) tell(name string, reason func() string) {
	if e.onFallback != nil {
		e.onFallback(name)
	}
	if !e.reload {
		return
	}
	if _, told := e.told.LoadOrStore(name, true); !told {
		slog.Info("template not compiled", "template", name, "reason", reason())
	}
}

// whyLeft returns what in a template is left to plush.
func (e *Engine) whyLeft(name string, t *plush.Template, in *scope, l *locale) string {
	c := &compiler{engine: e, variant: variant{name, l, !in.hides(l.scope, foldable...)}, left: new(string)}
	if c.compile(t.Input) != nil {
		return "a value or helper of this page"
	}
	return *c.left
}

// maxReason is enough to find a statement by.
const maxReason = 100

// leave notes the innermost statement that is not compiled, for whyLeft.
func (c *compiler) leave(s ast.Statement) {
	if c.left == nil || *c.left != "" {
		return
	}
	*c.left = strings.Join(strings.Fields(fmt.Sprintf("%.*s", maxReason, s)), " ")
	if n := len(c.partials); n > 0 {
		*c.left += " in the partial " + c.partials[n-1]
	}
}
