package view

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"strings"
	"sync"

	"github.com/gobuffalo/buffalo/render"
	"github.com/gobuffalo/plush/v4"
)

// page renders a template in its layouts.
type page struct {
	engine      *Engine
	contentType string
	names       []string
}

func (p page) ContentType() string { return p.contentType }

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Render writes the page, or nothing if there is an error.
func (p page) Render(w io.Writer, data render.Data) error {
	if p.isTranslated(data) {
		return p.renderStock(w, data)
	}
	templates := make([]*plush.Template, len(p.names))
	for n, name := range p.names {
		var err error
		templates[n], err = p.engine.template(name)
		if errors.Is(err, errFormat) || errors.Is(err, fs.ErrNotExist) {
			return p.renderStock(w, data) // finds the template or returns an error
		}
		if err != nil {
			return err
		}
	}
	html := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(html)
	html.Reset() // a page without names would be the last one that was rendered
	l := p.engine.locale(data["lang"])
	// The layout sees values that a template sets; the caller's data does not change.
	in := &scope{own: map[string]any{"contentType": p.contentType}, outer: &scope{own: data, outer: l.scope}}
	for n, name := range p.names {
		if n > 0 {
			in.own["yield"] = template.HTML(html.String())
		}
		html.Reset()
		if err := p.engine.exec(html, name, templates[n], in, l); err != nil {
			return fmt.Errorf("template %s: %w", name, err)
		}
	}
	_, err := w.Write(html.Bytes())
	return err
}

func (e *Engine) exec(html *bytes.Buffer, name string, t *plush.Template, in *scope, l *locale) error {
	if steps := e.steps(name, t, in, l); steps != nil && !in.definesFunction() {
		return run(steps, html, in)
	}
	text, err := t.Exec(in.forPlush())
	if err != nil {
		return err
	}
	e.reportFallback(name, func() string { return e.fallbackReason(name, t, in, l) })
	html.WriteString(text)
	return nil
}

// textPage is a page of plain text, in which no value is escaped.
type textPage struct{ page }

// unescaped reverts the escaping of plush, which treats every template as HTML.
var unescaped = strings.NewReplacer("&#34;", `"`, "&#39;", "'", "&amp;", "&", "&lt;", "<", "&gt;", ">")

func (t textPage) Render(w io.Writer, data render.Data) error {
	var escaped bytes.Buffer
	if err := t.page.Render(&escaped, data); err != nil {
		return err
	}
	_, err := unescaped.WriteString(w, escaped.String())
	return err
}
