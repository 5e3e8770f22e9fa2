package view

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/nicksnyder/go-i18n/i18n/bundle"
	"github.com/nicksnyder/go-i18n/i18n/language"
	"github.com/stretchr/testify/require"
)

// catalogue is every text of every language: by language, then by key. A text
// with plural forms is all of them, one a line.
type catalogue map[string]map[string]string

var keyLine = regexp.MustCompile(`(?m)^-\s*\{?\s*id:\s*"?([\w.-]+)`)

// readCatalogue reads locale files by themselves: the app's translator falls back in silence.
func readCatalogue(files fs.FS) (catalogue, []string, error) {
	texts := bundle.New()
	var faults []string
	seen := map[string]bool{}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".yaml" {
			return err
		}
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		of := language.Parse(path.Base(name))
		if len(of) != 1 {
			return fmt.Errorf("%s names no language", name)
		}
		for _, found := range keyLine.FindAllStringSubmatch(string(content), -1) {
			if id := of[0].Tag + " " + found[1]; seen[id] {
				faults = append(faults, id+" is there twice")
			} else {
				seen[id] = true
			}
		}
		return texts.ParseTranslationFileBytes(name, content)
	})
	c := catalogue{}
	for tag, translations := range texts.Translations() {
		c[tag] = map[string]string{}
		for id, translation := range translations {
			var forms []string
			for _, form := range []language.Plural{language.Zero, language.One, language.Two, language.Few, language.Many, language.Other} {
				if text := fmt.Sprint(translation.Template(form)); text != "<nil>" && !slices.Contains(forms, text) {
					forms = append(forms, text)
				}
			}
			c[tag][id] = strings.Join(forms, "\n")
		}
	}
	return c, faults, err
}

var placeholder = regexp.MustCompile(`\{\{\s*\.(\w+)\s*\}\}`)

// placeholders are the names that a text wants filled, sorted.
func placeholders(text string) []string {
	names := map[string]bool{}
	for _, found := range placeholder.FindAllStringSubmatch(text, -1) {
		names[found[1]] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// faults says what is wrong between the languages: a key that one lacks or has
// alone, an empty text, placeholders that are others.
func (c catalogue) faults() []string {
	var list []string
	base := c["en-us"]
	for tag, texts := range c {
		for key, want := range base {
			text, ok := texts[key]
			switch {
			case !ok:
				list = append(list, tag+" lacks "+key)
			case strings.TrimSpace(text) == "":
				list = append(list, tag+" "+key+" is empty")
			case text != strings.TrimSpace(text):
				list = append(list, tag+" "+key+" has white space around it")
			case !slices.Equal(placeholders(text), placeholders(want)):
				list = append(list, tag+" "+key+" has other placeholders")
			case strings.Count(text, "{{") != len(placeholder.FindAllString(text, -1)):
				list = append(list, tag+" "+key+" has something else in braces")
			}
		}
		for key := range texts {
			if _, ok := base[key]; !ok {
				list = append(list, tag+" alone has "+key)
			}
		}
	}
	slices.Sort(list)
	return list
}

func TestLocaleFiles_AllLanguagesAlike(t *testing.T) {
	texts, faults, err := readCatalogue(os.DirFS("../../locales"))
	require.NoError(t, err)
	require.Greater(t, len(texts["en-us"]), 100)
	require.Empty(t, faults)
	require.Empty(t, texts.faults())
}

// The check above finds what it looks for.
func TestLocaleFiles_TheCheckFindsFaults(t *testing.T) {
	texts, faults, err := readCatalogue(fstest.MapFS{
		"all.en-us.yaml": {Data: []byte(`
- {id: fine, translation: "Hello {{.name}}"}
- {id: lacking, translation: "x"}
- {id: empty, translation: "x"}
- {id: spaced, translation: "x"}
- {id: other, translation: "{{.name}}"}
- {id: wrong, translation: "{{.name}}"}
- {id: twice, translation: "x"}
- {id: plural, translation: {one: "{{.Count}} day", other: "{{.Count}} days"}}
`)},
		"all.de.yaml": {Data: []byte(`
- {id: fine, translation: "Hallo {{.name}}"}
- {id: empty, translation: " "}
- {id: spaced, translation: "x "}
- {id: other, translation: "{{.Name}}"}
- {id: wrong, translation: "{{.name}} {{1}}"}
- {id: twice, translation: "x"}
- id: "twice"
  translation: "y"
- {id: plural, translation: {one: "ein Tag", other: "{{.Count}} Tage"}}
- {id: alone, translation: "x"}
`)},
	})
	require.NoError(t, err)
	require.Equal(t, []string{"de twice is there twice"}, faults)
	require.Equal(t, []string{
		"de alone has alone", "de empty is empty", "de lacks lacking", "de other has other placeholders",
		"de spaced has white space around it", "de wrong has something else in braces",
	}, texts.faults())
}
