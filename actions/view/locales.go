package view

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	buffalo "github.com/gobuffalo/middleware/i18n"
	"github.com/nicksnyder/go-i18n/i18n"
	"golang.org/x/text/language"
)

// DefaultLanguage is what a reader gets whose languages are not shipped.
const DefaultLanguage = "en-US"

// Locales are the shipped languages with their texts.
type Locales struct {
	translator *buffalo.Translator
	tags       []language.Tag // the default first
	matcher    language.Matcher
	translate  map[string]Translate // by tag
	matched    matches
}

// Translate returns the text of a key in one language, with its placeholders filled.
type Translate func(key string, args ...any) string

// localeFiles hides the Go file that embeds the others: the translator reads
// whatever it finds in its folder.
type localeFiles struct{ fs.FS }

// ReadDir lists the locale files of a folder, and the folders in it.
func (l localeFiles) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(l.FS, name)
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return !e.IsDir() && path.Ext(e.Name()) != ".yaml" }), err
}

// LoadLocales reads every locale file of the folder.
func LoadLocales(files fs.FS) (*Locales, error) {
	translator, err := buffalo.New(localeFiles{files}, DefaultLanguage)
	if err != nil {
		return nil, err
	}
	l := &Locales{translator: translator, translate: map[string]Translate{}}
	for _, name := range translator.AvailableLanguages() {
		tag, err := language.Parse(name)
		if err != nil {
			return nil, fmt.Errorf("locale %s: %w", name, err)
		}
		tfunc, err := i18n.Tfunc(name)
		if err != nil {
			return nil, fmt.Errorf("locale %s: %w", name, err)
		}
		l.tags = append(l.tags, tag)
		l.translate[tag.String()] = Translate(tfunc)
	}
	// The matcher falls back to the first.
	slices.SortFunc(l.tags, func(a, b language.Tag) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.String(), b.String()))
	})
	l.matcher = language.NewMatcher(l.tags)
	return l, nil
}

func rank(tag language.Tag) int {
	if tag.String() == DefaultLanguage {
		return 0
	}
	return 1
}

// Reload reads the files again: for development.
func (l *Locales) Reload() error { return l.translator.Load() }

// maxAcceptLanguage bounds the work on a header that anybody may send, in bytes.
const maxAcceptLanguage = 256

// Match returns the shipped language that serves the reader best: the first of
// the chosen ones ("" is none) that is shipped, else by Accept-Language.
func (l *Locales) Match(acceptLanguage string, chosen ...string) string {
	for _, name := range chosen {
		if _, ok := l.translate[name]; ok {
			return name
		}
	}
	if len(acceptLanguage) > maxAcceptLanguage {
		return DefaultLanguage
	}
	return l.matched.get(acceptLanguage, l.match)
}

func (l *Locales) match(acceptLanguage string) string {
	wanted, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil {
		return DefaultLanguage
	}
	_, index, confidence := l.matcher.Match(wanted...)
	if confidence == language.No { // it would give Persian readers Arabic, for the script
		return DefaultLanguage
	}
	return l.tags[index].String()
}

// matches remembers what Accept-Language headers came to: browsers send few
// different ones, and working one out takes as long as a page.
type matches struct {
	mutex  sync.RWMutex
	byText map[string]string
}

// maxMatches bounds what a visitor who sends ever new ones can fill.
const maxMatches = 256

func (m *matches) get(text string, match func(string) string) string {
	m.mutex.RLock()
	name, ok := m.byText[text]
	m.mutex.RUnlock()
	if ok {
		return name
	}
	name = match(text)
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.byText == nil || len(m.byText) == maxMatches {
		m.byText = map[string]string{}
	}
	m.byText[strings.Clone(text)] = name // a clone, or the whole header would stay with it
	return name
}

// Names are the shipped languages, the default first.
func (l *Locales) Names() []string {
	var names []string
	for _, tag := range l.tags {
		names = append(names, tag.String())
	}
	return names
}

// Ships says whether a language is shipped.
func (l *Locales) Ships(name string) bool { return l.translate[name] != nil }

// In returns the texts of a shipped language.
func (l *Locales) In(name string) Translate { return l.translate[name] }

// Direction is the value of the dir attribute for a language.
func Direction(name string) string {
	script, _ := language.Make(name).Script()
	if slices.Contains([]string{"Arab", "Hebr", "Syrc", "Thaa"}, script.String()) {
		return "rtl"
	}
	return "ltr"
}
