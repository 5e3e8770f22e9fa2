package view

import (
	"bytes"
	"fmt"
	"html/template"

	"github.com/gobuffalo/plush/v4"
)

// partialHelper is the type of the helper partial, by which the compiler recognizes it.
type partialHelper func(name string, data map[string]any, help plush.HelperContext) (template.HTML, error)

// partial is the helper partial in templates that plush renders. For
// partial("login/form"), it renders login/_form.plush.html.
func (e *Engine) partial(name string, data map[string]any, help plush.HelperContext) (template.HTML, error) {
	html, err := e.plushPartial(name, data, help)
	if err != nil {
		return "", fmt.Errorf("partial %s: %w", name, err)
	}
	return html, nil
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

// runPartial renders a partial that is not inlined.
func (e *Engine) runPartial(l *locale, arguments []expression, in *scope) (any, error) {
	if len(arguments) == 0 || len(arguments) > 2 {
		return nil, errForPlush
	}
	v, err := arguments[0](in)
	if err != nil {
		return nil, err
	}
	name, ok := v.(string)
	inner := &scope{nil, in}
	if ok && len(arguments) == 2 {
		if v, err = arguments[1](in); err != nil {
			return nil, err
		}
		inner.own, ok = v.(map[string]any)
	}
	if !ok || inner.own["layout"] != nil {
		return nil, errForPlush
	}
	t, err := e.template(partialName(name))
	if err != nil {
		return nil, errForPlush
	}
	steps := e.steps(partialName(name), t, inner, l)
	if steps == nil {
		return nil, errForPlush
	}
	html := new(bytes.Buffer)
	if err = run(steps, html, inner); err == errUnknown {
		err = errFailed // in a condition of the caller, errUnknown would count as false
	}
	return template.HTML(html.String()), err
}
