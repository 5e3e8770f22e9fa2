package locales

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// faults describes differences between languages: missing and extra keys, empty texts,
// missing plural forms, different placeholders, and untranslated texts.
func faults(t *testing.T, files fs.FS) []string {
	t.Helper()
	languages, twice, err := Read(files)
	require.NoError(t, err)
	var list []string
	for _, id := range twice {
		list = append(list, id+" occurs twice")
	}
	for language, texts := range languages {
		add := func(key, fault string) { list = append(list, language+": "+key+" "+fault) }
		for key, want := range languages["en-us"] {
			text, ok := texts[key]
			if !ok {
				add(key, "is missing")
				continue
			}
			if text.Plural != want.Plural {
				add(key, "has plural forms in one language and none in another")
			}
			for form, translation := range text.Forms {
				if fault := formFault(translation, form == "other", want.Other()); fault != "" {
					add(key, fault+" ("+string(form)+")")
				}
			}
			if language != "en-us" && text.Other() == want.Other() && !slices.Contains(alike[key], language) {
				add(key, "is as in English")
			}
		}
		for key := range texts {
			if _, ok := languages["en-us"][key]; !ok {
				add(key, "exists in this language alone")
			}
		}
	}
	slices.Sort(list)
	return list
}

// alike lists, by key, the languages in which a text may equal the English one.
var alike = map[string][]string{
	"app.name":                          {"ar", "de", "es", "fr", "ja", "pt-br"},
	"page.error":                        {"es"},
	"login_second.code":                 {"de", "fr"},
	"account_activity.pages":            {"fr"},
	"account_security.passkeys_heading": {"de"},
	"passkey.name":                      {"de"},
}

// formFault returns the fault of a form, or "". The forms for one and two may have a
// word instead of the number.
func formFault(translation string, other bool, want string) string {
	filled, wanted := Placeholders(translation), Placeholders(want)
	unknown := func(name string) bool { return !slices.Contains(wanted, name) }
	switch {
	case strings.TrimSpace(translation) == "":
		return "is empty"
	case translation != strings.TrimSpace(translation):
		return "has white space around it"
	case slices.ContainsFunc(filled, unknown), other && len(filled) != len(wanted):
		return "has other placeholders"
	case strings.ContainsAny(placeholder.ReplaceAllString(translation, ""), "{}"):
		return "has something else in braces"
	}
	return ""
}

func TestFiles_AllLanguagesAlike(t *testing.T) {
	require.Empty(t, strings.Join(faults(t, shipped()), "\n"))
}

// Accounts without a password get these mails, too.
func TestFiles_MailsThatAssumeNoPassword(t *testing.T) {
	languages, _, err := Read(shipped())
	require.NoError(t, err)
	for language, texts := range languages {
		word := strings.ToLower(texts["login.password"].Other())
		for _, mail := range []string{"second_step_on", "second_step_off", "totp_added"} {
			require.NotContains(t, strings.ToLower(texts["mail."+mail+".text"].Other()), word, language)
		}
	}
}

func TestFiles_CheckFindsFaults(t *testing.T) {
	require.Equal(t, []string{
		"ar: plural is empty (few)",
		"de: alone exists in this language alone",
		"de: empty is empty (other)",
		"de: lacking is missing",
		"de: number has plural forms in one language and none in another",
		"de: other has other placeholders (other)",
		"de: plural has other placeholders (other)",
		"de: same is as in English",
		"de: spaced has white space around it (other)",
		"de: twice occurs twice",
		"de: wrong has something else in braces (other)",
	}, faults(t, fstest.MapFS{
		"all.en-us.yaml": {Data: []byte(`
- {id: fine, translation: "Hello {{.name}}"}
- {id: lacking, translation: "x"}
- {id: empty, translation: "x"}
- {id: spaced, translation: "x"}
- {id: same, translation: "Same"}
- {id: other, translation: "{{.name}}"}
- {id: wrong, translation: "Oh {{.name}}"}
- {id: twice, translation: "x"}
- {id: plural, translation: {one: "{{.Count}} day", other: "{{.Count}} days"}}
- {id: number, translation: {one: "{{.Count}} day", other: "{{.Count}} days"}}
`)},
		"all.de.yaml": {Data: []byte(`
- {id: fine, translation: "Hallo {{.name}}"}
- {id: empty, translation: " "}
- {id: spaced, translation: "z "}
- {id: same, translation: "Same"}
- {id: other, translation: "{{.Name}}"}
- {id: wrong, translation: "{{.name}} {{1}}"}
- {id: twice, translation: "z"}
- id: "twice"
  translation: "y"
- {id: plural, translation: {one: "ein Tag", other: "viele Tage"}}
- {id: number, translation: "{{.Count}} Tage"}
- {id: alone, translation: "z"}
`)},
		"all.ar.yaml": {Data: []byte(`
- {id: fine, translation: "مرحبا {{.name}}"}
- {id: lacking, translation: "z"}
- {id: empty, translation: "z"}
- {id: spaced, translation: "z"}
- {id: same, translation: "z"}
- {id: other, translation: "{{.name}} z"}
- {id: wrong, translation: "z {{.name}}"}
- {id: twice, translation: "z"}
- {id: plural, translation: {zero: "z", one: "z", two: "z", many: "{{.Count}} z", other: "z {{.Count}}"}}
- {id: number, translation: {zero: "z", one: "z", two: "z", few: "z", many: "z", other: "z {{.Count}}"}}
`)},
	}))
}

// A text that was pasted from another language has another script, or equals a sentence of
// that language.
func TestFiles_EachInItsOwnLanguage(t *testing.T) {
	languages, _, err := Read(shipped())
	require.NoError(t, err)
	translation := map[string]string{}
	for language, texts := range languages {
		for key, text := range texts {
			for _, form := range text.Forms {
				if ownScript[language] != nil && key != "app.name" && key != "time.layout" {
					require.Regexp(t, ownScript[language], form, "%s %s", language, key)
				}
				if ownScript[language] == nil {
					require.NotRegexp(t, `[^\P{L}\p{Latin}]`, form, "%s %s", language, key)
				}
				if other, ok := translation[form]; ok && len(form) > 24 {
					require.Equal(t, language, other, "%s: %s", key, form)
				}
				translation[form] = language
			}
		}
	}
}

var ownScript = map[string]*regexp.Regexp{
	"ar": regexp.MustCompile(`\p{Arabic}`),
	"ja": regexp.MustCompile(`[\p{Han}\p{Hiragana}\p{Katakana}]|^\{\{\.browser\}\}（\{\{\.system\}\}）$`),
}
