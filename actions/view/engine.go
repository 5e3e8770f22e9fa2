// Package view renders plush templates for Buffalo, each parsed once.
//
// Buffalo's own engine walks the template folder, re-parses the template and
// copies a hundred helpers on every page: half the time that a page takes.
// This one stands behind the same calls, r.HTML("login/new.plush.html").
package view

import (
	"bytes"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"maps"
	"path"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gobuffalo/buffalo/render"
	"github.com/gobuffalo/plush/v4"
)

// Engine is Buffalo's render.Engine with an HTML of its own.
type Engine struct {
	*render.Engine
	templates fs.FS
	layout    string
	reload    bool
	given     *plush.Context                // the helpers it was made with
	helpers   atomic.Pointer[plush.Context] // those, and what was defined since
	parsed    sync.Map                      // parsedKey → *plush.Template
}

// Options say where the templates are and what they may call.
type Options struct {
	Templates fs.FS
	Layout    string
	Helpers   map[string]any
	Reload    bool // parse on every page: for development
}

// builtins takes plush's own helpers out of its global table, once. Plush
// copies that table into every scope that it opens; here they stand in one
// outer scope, where every template finds them.
var builtins = sync.OnceValue(func() map[string]any {
	table := plush.Helpers.Helpers()
	own := maps.Clone(table)
	clear(table)
	return own
})

// New returns an engine.
func New(o Options) *Engine {
	e := &Engine{
		Engine:    render.New(render.Options{TemplatesFS: o.Templates, Helpers: o.Helpers}),
		templates: o.Templates,
		layout:    o.Layout,
		reload:    o.Reload,
	}
	helpers := maps.Clone(builtins())
	maps.Copy(helpers, o.Helpers)
	helpers["partial"] = e.partial
	e.given = plush.NewContextWith(helpers)
	e.Define(nil)
	return e
}

// Define sets the helpers that are known only later: the paths of the routes.
func (e *Engine) Define(helpers map[string]any) {
	e.helpers.Store(plush.NewContextWithOuter(helpers, e.given))
}

// HTML renders a template within the layout.
func (e *Engine) HTML(name string, layout ...string) render.Renderer {
	return page{e, []string{name, append(layout, e.layout)[0]}}
}

type page struct {
	engine *Engine
	names  []string
}

func (p page) ContentType() string { return "text/html; charset=utf-8" }

// Render writes the page, or nothing when there is an error.
func (p page) Render(w io.Writer, data render.Data) error {
	scope := plush.NewContextWithOuter(data, p.engine.helpers.Load()).New() // what a template sets is not the caller's
	var body string
	for _, name := range p.names {
		t, err := p.engine.parse(name, scope)
		if err != nil {
			return err
		}
		if body, err = t.Exec(scope); err != nil {
			return fmt.Errorf("template %s: %w", name, err)
		}
		scope.Set("yield", template.HTML(body))
	}
	_, err := io.WriteString(w, body)
	return err
}

// Text renders a template of plain text, in which nothing is escaped.
func (e *Engine) Text(name string) render.Renderer { return text{e, name} }

type text struct {
	engine *Engine
	name   string
}

func (t text) ContentType() string { return "text/plain; charset=utf-8" }

// Render writes the text. Plush escapes strings for HTML, so it is given none.
func (t text) Render(w io.Writer, data render.Data) error {
	plain := maps.Clone(data)
	for key, value := range data {
		switch v := value.(type) {
		case string:
			plain[key] = template.HTML(v)
		case Translate:
			plain[key] = func(id string, args ...any) template.HTML { return template.HTML(v(id, args...)) }
		}
	}
	return page{t.engine, []string{t.name}}.Render(w, plain)
}

// Bytes renders a page outside of a Buffalo handler.
func (e *Engine) Bytes(name string, data map[string]any) ([]byte, error) {
	var b bytes.Buffer
	err := e.HTML(name).Render(&b, data)
	return b.Bytes(), err
}

// partial renders login/_form.plush.html for partial("login/form").
func (e *Engine) partial(name string, data map[string]any, help plush.HelperContext) (template.HTML, error) {
	folder, file := path.Split(name)
	t, err := e.parse(folder+"_"+file, help)
	if err != nil {
		return "", err
	}
	scope := help.New()
	for k, v := range data {
		scope.Set(k, v)
	}
	html, err := t.Exec(scope)
	if err != nil {
		return "", fmt.Errorf("partial %s: %w", name, err)
	}
	return template.HTML(html), nil
}

// parsedKey is a template in one language; see fold.
type parsedKey struct{ name, language string }

func (e *Engine) parse(name string, scope scope) (*plush.Template, error) {
	key := parsedKey{name, ""}
	t, folds := scope.Value("t").(Translate)
	if folds {
		key.language, _ = scope.Value("lang").(string)
	}
	if t, ok := e.parsed.Load(key); ok && !e.reload {
		return t.(*plush.Template), nil
	}
	source, err := fs.ReadFile(e.templates, fileName(name))
	if err != nil {
		return nil, fmt.Errorf("template %s: %w", name, err)
	}
	text := string(source)
	if folds && !e.reload {
		text = e.fold(text, t, scope, 0)
	}
	parsed, err := plush.NewTemplate(text)
	if err != nil {
		return nil, fmt.Errorf("template %s: %w", name, err)
	}
	e.parsed.Store(key, parsed)
	return parsed, nil
}

// fileName adds what Buffalo lets one leave out: form and form.html are form.plush.html.
func fileName(name string) string {
	if strings.Contains(name, ".plush.") {
		return name
	}
	return strings.TrimSuffix(name, ".html") + ".plush.html"
}
