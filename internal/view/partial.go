package view

import (
	"bytes"
	"fmt"
	"html/template"
	"maps"
	"reflect"

	"github.com/gobuffalo/plush/v4"
	"github.com/gobuffalo/plush/v4/ast"
)

// partialHelper is the type of the helper partial, by which the compiler recognizes it.
type partialHelper func(name string, data map[string]any, help plush.HelperContext) (template.HTML, error)

// partial is the helper partial in templates that plush renders. For
// partial("login/form"), it renders login/_form.plush.html.
func (e *Engine) partial(name string, data map[string]any, help plush.HelperContext) (template.HTML, error) {
	html, err := e.plushPartial(name, data, help)
	return html, partialError(name, err)
}

func partialError(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("partial %s: %w", name, err)
}

func (e *Engine) plushPartial(name string, data map[string]any, help plush.HelperContext) (template.HTML, error) {
	if data["layout"] != nil || e.isOtherFormat(name) {
		return plush.PartialHelper(name, data, help)
	}
	t, err := e.template(partialName(name))
	if err != nil {
		return "", err
	}
	in := help.New()
	for k, v := range data {
		in.Set(k, v)
	}
	html, err := t.Exec(in)
	return template.HTML(html), err
}

func (e *Engine) partialSource(name string) (string, error) { return e.source(partialName(name)) }

// runPartial renders a partial that is not inlined. If plush must render it, then only the
// partial: what the page has called before must not be called twice.
func (e *Engine) runPartial(l *locale, node *ast.CallExpression, arguments []expression, in *scope) (any, error) {
	return call(reflect.ValueOf(func(name string, data map[string]any) (template.HTML, error) {
		file, inner := partialName(name), &scope{own: maps.Clone(data), outer: in}
		reason := func() string { return "a partial in another format, or with a layout" }
		if t, err := e.template(file); err == nil && data["layout"] == nil {
			if steps := e.steps(file, t, inner, l); steps != nil {
				html := new(bytes.Buffer)
				err := run(steps, html, inner)
				return template.HTML(html.String()), partialError(name, err)
			}
			reason = func() string { return e.fallbackReason(file, t, inner, l) }
		}
		html, err := e.partial(name, data, plush.HelperContext{Context: in.forPlush()})
		if err == nil {
			e.reportFallback(file, reason)
		}
		return html, err
	}), node, arguments, in)
}
