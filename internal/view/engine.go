// Package view renders plush templates for Buffalo, each parsed and compiled once.
//
// Buffalo's own engine takes half of the time of a page: it walks the template
// folder, parses the templates and copies a hundred helpers, and plush evaluates by
// reflection. [Engine] has the same methods:
//
//	r := view.New(view.Options{
//		Templates: templates.FS,
//		Layout:    "application.plush.html",
//		Helpers:   map[string]any{"assetPath": assets.Path},
//		Language:  func(name string) map[string]any { … },
//	})
//	c.Render(http.StatusOK, r.HTML("login/new.plush.html"))
//
// Names, fields, methods, operators, conditions, loops, calls and partials are
// compiled. Plush renders a template with anything else (let, functions, a helper
// that takes plush's context as form_for does), and Buffalo's engine one in another
// format (.md, .tmpl) or with translations (index.de.html). The output is the same,
// except that a compiled template escapes a [fmt.Stringer], which plush does not.
//
// Calls with one constant, t("login.title"), assetPath("app.css") and
// partial("nav"), are evaluated once for each language: t of Options.Language and
// assetPath must always return the same for one key. A page whose data has a t of
// its own calls that.
package view

import (
	"bytes"
	"embed"
	"io/fs"
	"maps"
	"strings"
	"sync"

	"github.com/gobuffalo/buffalo/render"
)

// Engine is a render.Engine whose HTML is compiled. A name in a template is looked
// up in the page's data, then in its language's helpers, then in the app's.
type Engine struct {
	*render.Engine
	language   func(name string) map[string]any
	reload     bool
	onFallback func(template string)
	helpers    func() map[string]any
	locales    sync.Map // language → *locale
	templates  sync.Map // name → *plush.Template
	compiled   sync.Map // variant → []step
	reported   sync.Map // name → true
}

// Options configure an Engine.
type Options struct {
	Templates fs.FS
	Layout    string         // for pages that name none
	Helpers   map[string]any // for all templates

	// Language, if set, returns the helpers of a language: the page's lang, or ""
	// if that is no string. It returns nil for an unknown language, which is
	// rendered as "".
	Language func(name string) map[string]any

	// Reload reads the templates for every page, and logs once which of them are not
	// compiled, and why: for development.
	Reload bool

	// OnFallback, if set, is called with the name of each template that is left to
	// plush or Buffalo, which takes several times as long.
	OnFallback func(template string)
}

// New returns an engine. Add helpers to plush.Helpers before the first page.
func New(o Options) *Engine {
	if o.Templates == nil {
		o.Templates = embed.FS{}
	}
	e := &Engine{
		Engine: render.New(render.Options{
			TemplatesFS: o.Templates,
			AssetsFS:    embed.FS{}, // Buffalo looks for a manifest in it
			HTMLLayout:  o.Layout,
			Helpers:     maps.Clone(o.Helpers),
		}),
		language:   o.Language,
		reload:     o.Reload,
		onFallback: o.OnFallback,
	}
	e.helpers = sync.OnceValue(e.allHelpers)
	for format, engine := range e.TemplateEngines {
		e.TemplateEngines[format] = e.withHelpers(engine)
	}
	return e
}

// HTML renders the first template inside the others, or inside the layout.
func (e *Engine) HTML(names ...string) render.Renderer {
	var own []string
	for _, name := range names {
		own = append(own, strings.TrimPrefix(name, "/"))
	}
	if len(own) == 1 && e.HTMLLayout != "" {
		own = append(own, e.HTMLLayout)
	}
	return page{e, "text/html; charset=utf-8", own}
}

// Text renders a template of plain text, which escapes nothing.
func (e *Engine) Text(name string) render.Renderer {
	return text{page{e, "text/plain; charset=utf-8", []string{name}}}
}

// Bytes renders like HTML, outside of a handler.
func (e *Engine) Bytes(name string, data map[string]any, layout ...string) ([]byte, error) {
	var b bytes.Buffer
	err := e.HTML(append([]string{name}, layout...)...).Render(&b, data)
	return b.Bytes(), err
}
