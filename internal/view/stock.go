package view

import (
	"html/template"
	"io"
	"maps"
	"slices"

	"github.com/gobuffalo/buffalo/render"
	"github.com/gobuffalo/helpers/tags"
	"github.com/gobuffalo/plush/v4"
)

// assetPath is the type of the helper that returns the URL of an asset.
type assetPath = func(name string) (string, error)

func (e *Engine) allHelpers() map[string]any {
	helpers := maps.Clone(plush.Helpers.Helpers())
	helpers["partial"] = partialHelper(e.partial)
	helpers["partialFeeder"] = e.partialSource
	if e.Helpers["partialFeeder"] != nil {
		helpers["partial"] = plush.PartialHelper
	}
	helpers["unique"] = unique
	maps.Copy(helpers, e.assetHelpers())
	maps.Copy(helpers, e.Helpers)
	return helpers
}

func unique(list []string) (kept []string) {
	for _, s := range list {
		if !slices.Contains(kept, s) {
			kept = append(kept, s)
		}
	}
	return kept
}

// assetHelpers returns replacements of Buffalo's helpers for assets. They call the
// app's assetPath.
func (e *Engine) assetHelpers() map[string]any {
	url, ok := e.Helpers["assetPath"].(assetPath)
	if !ok {
		return nil
	}
	return map[string]any{
		"assetPath":     url,
		"javascriptTag": assetTag(url, tags.JS),
		"stylesheetTag": assetTag(url, tags.CSS),
		"imgTag":        assetTag(url, tags.Img),
	}
}

func assetTag[O ~map[string]any](url assetPath, tag func(string, O) template.HTML) any {
	return func(name string, options map[string]any) (template.HTML, error) {
		src, err := url(name)
		attributes := O{} // a copy: tag writes to it
		maps.Copy(attributes, options)
		return tag(src, attributes), err
	}
}

// withHelpers adds the language's helpers to a template engine of Buffalo. Values of
// the page's data with the same names take precedence.
func (e *Engine) withHelpers(next render.TemplateEngine) render.TemplateEngine {
	return func(source string, data, helpers map[string]any) (string, error) {
		all := map[string]any{"unique": unique}
		maps.Copy(all, helpers)
		maps.Copy(all, e.assetHelpers())
		maps.Copy(all, e.locale(data["lang"]).scope.own)
		for name, value := range data {
			all[name] = trimmed(name, value)
		}
		return next(source, data, all)
	}
}

// isTranslated reports whether the page may have translated templates, such as
// index.de.html. It may if Buffalo's i18n middleware has set languages.
func (p page) isTranslated(data map[string]any) bool {
	languages, _ := data["languages"].([]string)
	return len(languages) > 0 && len(p.names) > 0
}

// renderStock renders the page by Buffalo's own engine.
func (p page) renderStock(w io.Writer, data render.Data) error {
	copied := maps.Clone(data) // Buffalo writes to it
	if copied == nil {
		copied = render.Data{}
	}
	err := p.engine.Template(p.contentType, p.names...).Render(w, copied)
	if err == nil {
		p.engine.reportFallback(p.names[0], func() string { return "Buffalo's own engine: another format, or translated" })
	}
	return err
}
