// Package view renders plush templates for Buffalo, each parsed and compiled once.
//
// Buffalo's own engine walks the template folder, re-parses the template and
// copies a hundred helpers on every page, and plush finds its way through the
// syntax tree by reflection: half the time that a page takes. This one stands
// behind the same calls, r.HTML("login/new.plush.html").
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
	given     *names                // the helpers it was made with
	helpers   atomic.Pointer[names] // those, and what was defined since
	language  func(string) map[string]any
	spoken    sync.Map // language → its helpers
	parsed    sync.Map // parsedKey → *parsed
}

// Options say where the templates are and what they may call.
type Options struct {
	Templates fs.FS
	Layout    string
	Helpers   map[string]any
	Language  func(name string) map[string]any // the helpers of a language, lang in the data of a page
	Reload    bool                             // parse on every page: for development
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
		language:  o.Language,
		reload:    o.Reload,
	}
	helpers := maps.Clone(builtins())
	maps.Copy(helpers, o.Helpers)
	helpers["partial"] = e.partial
	e.given = &names{own: helpers}
	e.Define(nil)
	return e
}

// Define sets the helpers that are known only later: the paths of the routes.
func (e *Engine) Define(helpers map[string]any) {
	e.helpers.Store(&names{helpers, e.given})
}

// surroundings are the helpers that a page in a language finds around it.
func (e *Engine) surroundings(language any) *names {
	helpers := e.helpers.Load()
	name, _ := language.(string)
	if e.language == nil || name == "" {
		return helpers
	}
	own, ok := e.spoken.Load(name)
	if !ok {
		own, _ = e.spoken.LoadOrStore(name, e.language(name))
	}
	return &names{own.(map[string]any), helpers}
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

// buffers hold pages while they are made.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Render writes the page, or nothing when there is an error.
func (p page) Render(w io.Writer, data render.Data) error {
	html := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(html)
	scope := &names{map[string]any{}, &names{data, p.engine.surroundings(data["lang"])}} // what a template sets is not the caller's
	for n, name := range p.names {
		if n > 0 {
			scope.own["yield"] = template.HTML(html.String())
		}
		t, err := p.engine.parse(name, scope)
		if err != nil {
			return err
		}
		html.Reset()
		if err := t.exec(html, scope); err != nil {
			return fmt.Errorf("template %s: %w", name, err)
		}
	}
	_, err := w.Write(html.Bytes())
	return err
}

// plainTranslate is Translate for plain text: nothing is escaped.
type plainTranslate func(id string, args ...any) template.HTML

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
	if plain["t"] == nil {
		plain["t"] = t.engine.surroundings(data["lang"]).Value("t")
	}
	for key, value := range plain {
		switch v := value.(type) {
		case string:
			plain[key] = template.HTML(v)
		case Translate:
			plain[key] = plainTranslate(func(id string, args ...any) template.HTML { return template.HTML(v(id, args...)) })
		}
	}
	return page{t.engine, []string{t.name}}.Render(w, plain)
}

// Bytes renders a page outside of a Buffalo handler.
func (e *Engine) Bytes(name string, data map[string]any, layout ...string) ([]byte, error) {
	var b bytes.Buffer
	err := e.HTML(name, layout...).Render(&b, data)
	return b.Bytes(), err
}

// partial renders login/_form.plush.html for partial("login/form").
func (e *Engine) partial(name string, data map[string]any, help plush.HelperContext) (template.HTML, error) {
	t, err := e.parse(partialName(name), help)
	if err != nil {
		return "", err
	}
	scope := help.New()
	for k, v := range data {
		scope.Set(k, v)
	}
	html, err := t.plush.Exec(scope)
	if err != nil {
		return "", fmt.Errorf("partial %s: %w", name, err)
	}
	return template.HTML(html), nil
}

func partialName(name string) string {
	folder, file := path.Split(name)
	return folder + "_" + file
}

// LeftToPlush is told of a template that only plush can run, for tests: the page
// takes twice as long, which nobody would notice.
var LeftToPlush = func(template string) {}

// parsed is a template that is ready to be run.
type parsed struct {
	name  string
	plush *plush.Template
	steps []step // nil when all of it is for plush
}

func (t *parsed) exec(page *bytes.Buffer, in *names) error {
	if t.steps != nil && run(t.steps, page, in) == nil {
		return nil
	}
	html, err := t.plush.Exec(in.forPlush())
	if err != nil {
		return err
	}
	LeftToPlush(t.name)
	page.Reset()
	page.WriteString(html)
	return nil
}

// parsedKey is a template in one language; see fold.
type parsedKey struct{ name, language string }

func (e *Engine) parse(name string, scope scope) (*parsed, error) {
	key := parsedKey{name, ""}
	t, folds := scope.Value("t").(Translate)
	if folds {
		key.language, _ = scope.Value("lang").(string)
	}
	if t, ok := e.parsed.Load(key); ok && !e.reload {
		return t.(*parsed), nil
	}
	source, err := fs.ReadFile(e.templates, fileName(name))
	if err != nil {
		return nil, fmt.Errorf("template %s: %w", name, err)
	}
	text := string(source)
	if folds && !e.reload {
		text = e.fold(text, t, scope, 0)
	}
	stock, err := plush.NewTemplate(text)
	if err != nil {
		return nil, fmt.Errorf("template %s: %w", name, err)
	}
	ready := &parsed{name, stock, e.compile(text)}
	e.parsed.Store(key, ready)
	return ready, nil
}

// fileName adds what Buffalo lets one leave out: form and form.html are form.plush.html.
func fileName(name string) string {
	if strings.Contains(name, ".plush.") {
		return name
	}
	return strings.TrimSuffix(name, ".html") + ".plush.html"
}
