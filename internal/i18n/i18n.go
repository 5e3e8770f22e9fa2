// Package i18n reads locale files, matches a client's language, and returns texts
// in it.
//
// A locale file is named NAME.LANGUAGE.yaml and holds texts in go-i18n's format:
//
//   - {id: greeting, translation: "Hello {{.name}}"}
//   - {id: wait, translation: {one: "{{.Count}} second", other: "{{.Count}} seconds"}}
//
// [Load] finds the files. The first use of a language parses them:
//
//	texts, err := i18n.Load(os.DirFS("locales"), "en-US")
//	t := texts.In(texts.Match(r.Header.Get("Accept-Language"), user.Language))
//	t("greeting", map[string]any{"name": "Ada"})
//	t("wait", 3)
//
// An invalid file panics at that first use, or is an error of [Texts.Reload].
package i18n

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"slices"
	"strings"

	plural "github.com/nicksnyder/go-i18n/i18n/language"
	"golang.org/x/text/language"
)

// Texts are an app's texts.
type Texts struct {
	base    string         // the default language
	tags    []language.Tag // the default language first: the matcher falls back to it
	locales map[string]*locale
	matcher language.Matcher
	matched matchCache
}

// Load finds the locale files in files and its subfolders. The default language, which must
// have a file, is used when no shipped language matches, and for texts that another language lacks.
// If it has the text language.name, a language without that text is not shipped: it has
// files of parts only, such as that of a resource.
func Load(files fs.FS, defaultLanguage string) (*Texts, error) {
	t := &Texts{base: defaultLanguage, locales: map[string]*locale{}}
	err := fs.WalkDir(files, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(file) != ".yaml" {
			return err
		}
		return t.add(files, file)
	})
	if err != nil {
		return nil, err
	}
	if !t.Ships(t.base) {
		return nil, fmt.Errorf("the default language %s has no locale file: add one, or choose another default", t.base)
	}
	if t.locales[t.base].isNamed() {
		t.tags = slices.DeleteFunc(t.tags, func(tag language.Tag) bool {
			unnamed := !t.locales[tag.String()].isNamed()
			if unnamed {
				delete(t.locales, tag.String())
			}
			return unnamed
		})
	}
	slices.SortFunc(t.tags, func(a, b language.Tag) int {
		return cmp.Or(cmp.Compare(t.rank(a), t.rank(b)), cmp.Compare(a.String(), b.String()))
	})
	t.matcher = language.NewMatcher(t.tags)
	for name, l := range t.locales {
		if name != t.base {
			l.fallback = t.locales[t.base]
		}
	}
	return t, nil
}

// MustLoad is like Load but panics if a file cannot be loaded.
func MustLoad(files fs.FS, defaultLanguage string) *Texts {
	t, err := Load(files, defaultLanguage)
	if err != nil {
		panic(err)
	}
	return t
}

func (t *Texts) add(files fs.FS, file string) error {
	name := strings.TrimPrefix(path.Ext(strings.TrimSuffix(file, ".yaml")), ".")
	tag, err := language.Parse(name)
	if err != nil || plural.GetPluralSpec(name) == nil {
		return fmt.Errorf("locale file %s: %q is not a language with known plurals", file, name)
	}
	l, ok := t.locales[tag.String()]
	if !ok {
		l = newLocale(files, name)
		t.tags, t.locales[tag.String()] = append(t.tags, tag), l
	}
	l.paths = append(l.paths, file)
	return nil
}

func (t *Texts) rank(tag language.Tag) int {
	if tag.String() == t.base {
		return 0
	}
	return 1
}

// Reload parses all files again, for development and tests. The texts of a file that was
// removed stay.
func (t *Texts) Reload() error {
	for _, l := range t.locales {
		if err := l.reload(); err != nil {
			return err
		}
	}
	return nil
}

// Names returns the shipped languages, the default first.
func (t *Texts) Names() []string {
	var names []string
	for _, tag := range t.tags {
		names = append(names, tag.String())
	}
	return names
}

func (t *Texts) Ships(name string) bool { return t.locales[name] != nil }

// In returns the Translate of a language, or nil if the language is not shipped. The name
// "" means the default language.
func (t *Texts) In(name string) Translate {
	if l, ok := t.locales[cmp.Or(name, t.base)]; ok {
		return l.translate
	}
	return nil
}

// Direction returns a language's dir attribute.
func Direction(name string) string {
	script, _ := language.Make(name).Script()
	if slices.Contains([]string{"Arab", "Hebr", "Syrc", "Thaa"}, script.String()) {
		return "rtl"
	}
	return "ltr"
}

// Translate returns a text in the language of the context value "lang", which
// Buffalo's own translator sets too.
func (t *Texts) Translate(c context.Context, key string, args ...any) string {
	name, _ := c.Value("lang").(string)
	if !t.Ships(name) {
		name = t.base
	}
	return t.locales[name].translate(key, args...)
}

// Options returns an option element for each language, labelled by its text
// language.name. "" selects none.
func (t *Texts) Options(selected string) template.HTML {
	name := func(language string) string { return t.In(language)("language.name") }
	languages := t.Names()
	slices.SortFunc(languages, func(a, b string) int { return cmp.Compare(name(a), name(b)) })
	var list strings.Builder
	for _, language := range languages {
		attribute := ""
		if language == selected {
			attribute = " selected"
		}
		fmt.Fprintf(&list, `<option value="%s" lang="%[1]s"%s>%s</option>`, language, attribute, template.HTMLEscapeString(name(language)))
	}
	return template.HTML(list.String())
}
