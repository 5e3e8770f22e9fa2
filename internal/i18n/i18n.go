// Package i18n reads locale files, matches the language that a client asks
// for, and returns texts in it.
//
// A locale file is named NAME.LANGUAGE.yaml and holds texts in the format of
// go-i18n, with plurals:
//
//   - {id: greeting, translation: "Hello {{.name}}"}
//   - {id: wait, translation: {one: "{{.Count}} second", other: "{{.Count}} seconds"}}
//
// [Load] finds the files. Each language is parsed when its first text is needed:
//
//	texts, err := i18n.Load(os.DirFS("locales"))
//	t := texts.In(texts.Match(r.Header.Get("Accept-Language"), user.Language))
//	t("greeting", map[string]any{"name": "Ada"})
//	t("wait", 3)
//
// A file with an error is noticed when its language is first used, by a panic.
// A test that calls [Texts.Reload] finds it earlier.
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

// DefaultLanguage serves the clients that ask for none of the shipped languages.
const DefaultLanguage = "en-US"

// Texts are the texts of an app in the languages that it ships.
type Texts struct {
	tags    []language.Tag // the default first
	locales map[string]*locale
	matcher language.Matcher
	matched matches
}

// Load finds the locale files in a folder and the folders below it.
func Load(files fs.FS) (*Texts, error) {
	t := &Texts{locales: map[string]*locale{}}
	err := fs.WalkDir(files, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(file) != ".yaml" {
			return err
		}
		return t.add(files, file)
	})
	if err != nil {
		return nil, err
	}
	// The matcher falls back to the first.
	slices.SortFunc(t.tags, func(a, b language.Tag) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.String(), b.String()))
	})
	t.matcher = language.NewMatcher(t.tags)
	for name, l := range t.locales {
		if name != DefaultLanguage {
			l.fallback = t.locales[DefaultLanguage]
		}
	}
	return t, nil
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
	l.names = append(l.names, file)
	return nil
}

func rank(tag language.Tag) int {
	if tag.String() == DefaultLanguage {
		return 0
	}
	return 1
}

// Reload reads all files again: for development, and to check them in a test.
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

// Ships reports whether a language is shipped.
func (t *Texts) Ships(name string) bool { return t.locales[name] != nil }

// In returns the texts of a language, nil when it is not shipped.
func (t *Texts) In(name string) Translate {
	if l, ok := t.locales[name]; ok {
		return l.translate
	}
	return nil
}

// Direction returns the value of the dir attribute for a language.
func Direction(name string) string {
	script, _ := language.Make(name).Script()
	if slices.Contains([]string{"Arab", "Hebr", "Syrc", "Thaa"}, script.String()) {
		return "rtl"
	}
	return "ltr"
}

// Translate returns a text in the language that the context of a request holds
// as "lang", as the translator of Buffalo's own middleware does.
func (t *Texts) Translate(c context.Context, key string, args ...any) string {
	name, _ := c.Value("lang").(string)
	if !t.Ships(name) {
		name = DefaultLanguage
	}
	return t.locales[name].translate(key, args...)
}

// Options returns an option element for each language, by its own name, which is
// its text language.name. "" selects none.
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
