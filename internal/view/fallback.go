package view

import (
	"cmp"
	"fmt"
	"log/slog"
	"strings"

	"github.com/gobuffalo/plush/v4"
	"github.com/gobuffalo/plush/v4/ast"
)

// reportFallback reports that plush or Buffalo rendered a template. In development it
// logs the reason, once for each template.
func (e *Engine) reportFallback(name string, reason func() string) {
	if e.onFallback != nil {
		e.onFallback(name)
	}
	if !e.reload {
		return
	}
	if _, reported := e.reported.LoadOrStore(name, true); !reported {
		slog.Info("template not compiled", "template", name, "reason", reason())
	}
}

// fallbackReason returns the part of a template that only plush can render.
func (e *Engine) fallbackReason(name string, t *plush.Template, in *scope, l *locale) string {
	c := &compiler{engine: e, variant: variant{name, l, !in.hides(l.scope, foldable...)}, reason: new(string)}
	c.compile(t.Input)
	return cmp.Or(*c.reason, "a function of another template")
}

// maxReason is a number of characters.
const maxReason = 100

// leave records the innermost statement that cannot be compiled, for fallbackReason.
func (c *compiler) leave(s ast.Statement) {
	if c.reason == nil || *c.reason != "" {
		return
	}
	*c.reason = strings.Join(strings.Fields(fmt.Sprintf("%.*s", maxReason, s)), " ")
	if n := len(c.partials); n > 0 {
		*c.reason += " in the partial " + c.partials[n-1]
	}
}
