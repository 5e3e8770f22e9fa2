// Package locales checks the shipped locale files. It also checks that pages and mails
// have only texts of their language.
package locales

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/nicksnyder/go-i18n/i18n/bundle"
	"github.com/nicksnyder/go-i18n/i18n/language"

	"corral/lab/binary"
)

func shipped() fs.FS { return os.DirFS(filepath.Join(binary.Root(), "locales")) }

// Texts are the texts of a language by key.
type Texts map[string]Text

// Text is a text by plural form. If Plural is false, it has only the form "other".
type Text struct {
	Plural bool
	Forms  map[language.Plural]string
}

// Other returns the form that every text has.
func (t Text) Other() string { return t.Forms[language.Other] }

// Read reads locale files. It does not use the app's translator, which falls back to
// another language without an error. It returns the texts by language, as in the file
// names (pt-br), and duplicate keys, of which the app would use the last.
func Read(files fs.FS) (languages map[string]Texts, twice []string, err error) {
	b := bundle.New()
	seen := map[string]bool{}
	err = fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".yaml" {
			return err
		}
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		parsed := language.Parse(path.Base(name))
		if len(parsed) != 1 {
			return fmt.Errorf("%s names no language that has plural rules", name)
		}
		for _, found := range keyLine.FindAllStringSubmatch(string(content), -1) {
			id := parsed[0].Tag + ": " + found[1]
			if seen[id] {
				twice = append(twice, id)
			}
			seen[id] = true
		}
		return b.ParseTranslationFileBytes(name, content)
	})
	languages = map[string]Texts{}
	for tag, translations := range b.Translations() {
		languages[tag] = Texts{}
		for key, translation := range translations {
			text := Text{true, map[language.Plural]string{}}
			plurals := language.Parse(tag)[0].Plurals
			if _, single := translation.MarshalFlatInterface().(map[string]any); single { // plurals have another map type
				text.Plural, plurals = false, map[language.Plural]struct{}{language.Other: {}}
			}
			for plural := range plurals {
				text.Forms[plural] = "" // missing in the file
				if form := translation.Template(plural); form != nil {
					text.Forms[plural] = form.String()
				}
			}
			languages[tag][key] = text
		}
	}
	return languages, twice, err
}

var keyLine = regexp.MustCompile(`(?m)^-\s*\{?\s*id:\s*"?([\w.-]+)`)

var placeholder = regexp.MustCompile(`\{\{\.(\w+)\}\}`)

// Placeholders returns the placeholders of a form, sorted.
func Placeholders(form string) []string {
	var names []string
	for _, found := range placeholder.FindAllStringSubmatch(form, -1) {
		names = append(names, found[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}
