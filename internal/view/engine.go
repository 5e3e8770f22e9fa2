// Package view renders plush templates for Buffalo. It parses and compiles each
// template once.
//
// Buffalo's own engine takes half of the time of a request: for each page it walks the
// template folder, parses the templates and copies a hundred helpers, and plush
// evaluates by reflection. [Engine] has the same methods:
//
//	r := view.New(view.Options{
//		Templates: templates.FS,
//		Layout:    "application.plush.html",
//		Helpers:   map[string]any{"assetPath": assets.Path},
//		Language:  func(name string) map[string]any { … },
//	})
//	c.Render(http.StatusOK, r.HTML("login/new.plush.html"))
//
// The compiler knows names, fields, methods, operators, conditions, loops, calls and
// partials. A template that has anything else (let, functions, a helper that takes
// plush's context as form_for does) is rendered by plush. A template in another
// format (.md, .tmpl) or with translations (index.de.html) is rendered by Buffalo's engine.
// The output is the same, except that a compiled template escapes a [fmt.Stringer], and
// takes the keys of a map in order, which plush does not. Path helpers and current_path have
// no slash at the end, which Buffalo appends.
//
// Calls with a constant, such as t("login.title") and assetPath("app.css"), are evaluated
// once for each language, and partial("nav") is inlined. So the t of Options.Language and
// assetPath must always return the same text for a key. If the data of a page has its own
// t, the page calls that t. If a helper sets t, the layout calls that t, but calls with a
// constant in the same template do not.
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

// Engine is a render.Engine that compiles HTML templates. It looks up a name in the
// page's data, then in the helpers of the page's language, then in the app's helpers.
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

	// Language, if set, returns the helpers of a language. The name is the value lang
	// of the page's data, or "" if that is no string. Language returns nil for an
	// unknown language; the page then gets the helpers of "".
	Language func(name string) map[string]any

	// Reload, for development, reads the templates for every page. It also logs, once
	// for each template that is not compiled, the reason.
	Reload bool

	// OnFallback, if set, is called with the name of each template that plush or
	// Buffalo renders, which takes several times as long.
	OnFallback func(template string)
}

// New returns an engine. Add helpers to plush.Helpers before the first page, which copies
// them.
func New(o Options) *Engine {
	if o.Templates == nil {
		o.Templates = embed.FS{}
	}
	e := &Engine{
		Engine: render.New(render.Options{
			TemplatesFS: o.Templates,
			AssetsFS:    embed.FS{}, // must be set: Buffalo looks for a manifest in it
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

// HTML renders the first template inside the others, each inside the next. It renders
// a single template inside the layout.
func (e *Engine) HTML(names ...string) render.Renderer {
	var trimmed []string
	for _, name := range names {
		trimmed = append(trimmed, strings.TrimPrefix(name, "/"))
	}
	if len(trimmed) == 1 && e.HTMLLayout != "" {
		trimmed = append(trimmed, e.HTMLLayout)
	}
	return page{e, "text/html; charset=utf-8", trimmed}
}

// Text renders a template of plain text. It does not escape values.
func (e *Engine) Text(name string) render.Renderer {
	return textPage{page{e, "text/plain; charset=utf-8", []string{name}}}
}

// Bytes is HTML outside of a handler: it returns the page.
func (e *Engine) Bytes(name string, data map[string]any, layout ...string) ([]byte, error) {
	var b bytes.Buffer
	err := e.HTML(append([]string{name}, layout...)...).Render(&b, data)
	return b.Bytes(), err
}
