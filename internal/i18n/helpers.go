package i18n

import (
	"cmp"
	"html/template"
	"time"

	"corral/internal/useragent"
)

// Helpers returns the template helpers of a language, or nil if the language is not
// shipped. The name "" means the default language. The helpers are:
//
//	t                the texts
//	lang             the lang attribute
//	dir              the dir attribute
//	languageOptions  Options
//	moment           TimeElement
//	browserName      Browser, or the text browser.unknown
func (t *Texts) Helpers(name string) map[string]any {
	name = cmp.Or(name, t.base)
	in := t.In(name)
	if in == nil {
		return nil
	}
	return map[string]any{
		"t":               in,
		"lang":            name,
		"dir":             Direction(name),
		"languageOptions": t.Options(name),
		"moment":          func(at time.Time) template.HTML { return TimeElement(in, at) },
		"browserName":     func(header string) string { return cmp.Or(Browser(in, header), in("browser.unknown")) },
	}
}

// Browser describes a browser by its User-Agent header. It returns the names of the
// browser and its system, joined by the text browser.on_system, or the only known name, or
// "".
func Browser(t Translate, header string) string {
	name, system := useragent.Name(header)
	if name != "" && system != "" {
		return t("browser.on_system", map[string]any{"browser": name, "system": system})
	}
	return name + system
}
