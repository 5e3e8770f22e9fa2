package view

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/gobuffalo/plush/v4"
)

var errFormat = errors.New("not a plush template")

func (e *Engine) template(name string) (*plush.Template, error) {
	if t, ok := e.templates.Load(name); ok && !e.reload {
		return t.(*plush.Template), nil
	}
	source, err := e.source(name)
	if err == nil && e.isOtherFormat(name) {
		err = errFormat
	}
	if err != nil {
		return nil, fmt.Errorf("template %s: %w", name, err)
	}
	t, err := plush.NewTemplate(source)
	if err != nil {
		return nil, fmt.Errorf("template %s: %w", name, err)
	}
	e.templates.Store(name, t)
	return t, nil
}

// source returns the text of a template. The name login/new means login/new.plush.html, and
// help.de.html may be help.de.plush.html or help.plush.de.html.
func (e *Engine) source(name string) (string, error) {
	if path.Ext(name) == "" {
		name += ".html"
	}
	if ext := path.Ext(name); !strings.Contains(name, ".plush.") {
		folder, file := path.Split(name)
		for _, file := range []string{strings.TrimSuffix(file, ext) + ".plush" + ext, strings.Replace(file, ".", ".plush.", 1)} {
			if source, err := fs.ReadFile(e.TemplatesFS, folder+file); err == nil {
				return string(source), nil
			}
		}
	}
	source, err := fs.ReadFile(e.TemplatesFS, name)
	return string(source), err
}

// isOtherFormat reports whether the name's extension belongs to another template engine
// of Buffalo: Markdown, Go templates, or an engine that the app has added.
func (e *Engine) isOtherFormat(name string) bool {
	_, extensions, _ := strings.Cut(path.Base(name), ".")
	return slices.ContainsFunc(strings.Split(extensions, "."), func(ext string) bool {
		_, known := e.TemplateEngines[strings.ToLower(ext)]
		return known && !slices.Contains([]string{"plush", "html", "txt", "text"}, ext)
	})
}

// partialName returns login/_form for partial("login/form").
func partialName(name string) string {
	folder, file := path.Split(name)
	return path.Join(folder, "_"+file)
}

// variant is a template compiled for a language. If folds is true, the results of the
// foldable helpers are constants in it. A page that redefines one of these helpers
// needs a variant without folds.
type variant struct {
	name   string
	locale *locale
	folds  bool
}

// foldable are the helpers whose results a compiled template may contain.
var foldable = []string{"t", "assetPath", "partial"}

// steps returns the compiled template, or nil if plush must render it.
func (e *Engine) steps(name string, t *plush.Template, in *scope, l *locale) []step {
	v := variant{name, l, !in.hides(l.scope, foldable...)}
	if steps, ok := e.compiled.Load(v); ok && !e.reload {
		return steps.([]step)
	}
	steps := (&compiler{engine: e, variant: v}).compile(t.Input)
	e.compiled.Store(v, steps)
	return steps
}
