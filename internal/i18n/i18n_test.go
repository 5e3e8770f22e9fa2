package i18n

import (
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// exampleTexts loads texts in five languages.
func exampleTexts(t testing.TB) *Texts {
	t.Helper()
	texts, err := load(filesOf(
		"embed.go", "package locales",
		"all.en-us.yaml", `- {id: greeting, translation: "Hello {{.name}}"}`,
		"all.ar.yaml", `- {id: greeting, translation: "مرحبا {{.name}}"}`,
		"all.de.yaml", `- {id: greeting, translation: "Hallo {{.name}}"}`,
		"all.fr.yaml", `- {id: greeting, translation: "Bonjour {{.name}}"}`,
		"all.pt-br.yaml", `- {id: greeting, translation: "Olá {{.name}}"}`,
		"widgets.de.yaml", `- {id: widget, translation: "Ding"}`,
		"admin/widgets.de.yaml", `- {id: admin.widget, translation: "Dings"}`,
	))
	require.NoError(t, err)
	return texts
}

func load(files fs.FS) (*Texts, error) { return Load(files, "en-US") }

func filesOf(pairs ...string) fstest.MapFS {
	files := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		files[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return files
}

func TestTexts_InEachLanguage(t *testing.T) {
	texts := exampleTexts(t)
	for name, want := range map[string]string{
		"en-US": "Hello Ada", "de": "Hallo Ada", "fr": "Bonjour Ada", "pt-BR": "Olá Ada", "ar": "مرحبا Ada",
	} {
		require.Equal(t, want, texts.In(name)("greeting", map[string]any{"name": "Ada"}), name)
	}
	require.Equal(t, "Ding", texts.In("de")("widget"), "from a second file, such as `buffalo generate resource` writes")
	require.Equal(t, "Dings", texts.In("de")("admin.widget"), "from a file in a folder")
	require.Nil(t, texts.In("xx"))
}

func TestLoad_DefaultLanguage(t *testing.T) {
	files := filesOf(
		"all.de.yaml", `- {id: greeting, translation: "Hallo"}`,
		"all.fr.yaml", `- {id: other, translation: "Autre"}`,
	)
	texts, err := Load(files, "de")
	require.NoError(t, err)
	require.Equal(t, "de", texts.Match("ja"))
	require.Equal(t, "de", texts.Match(""))
	require.Equal(t, "de", texts.Helpers("")["lang"])
	require.Equal(t, "Hallo", texts.In("fr")("greeting"))
	require.Equal(t, "Hallo", texts.Translate(t.Context(), "greeting"))
	require.Equal(t, "Hallo", texts.In("")("greeting"))
	_, err = Load(files, "en-US")
	require.EqualError(t, err, "the default language en-US has no locale file: add one, or choose another default")
}

// A part of the app may have a file in a language that the rest of the app lacks.
func TestLoad_LanguageWithoutANameIsNotShipped(t *testing.T) {
	texts, err := load(filesOf(
		"all.en-us.yaml", `- {id: language.name, translation: "English"}`,
		"all.de.yaml", `- {id: language.name, translation: "Deutsch"}`,
		"all.fr.yaml", "- id: \"language.name\"\n  translation: Français",
		"teams.de.yaml", `- {id: team, translation: "Gruppe"}`,
		"teams.it.yaml", "- {id: team, translation: \"Gruppo\"}\n# - {id: language.name, translation: Italiano}",
		"all.pl.yaml", `- {"id": "language.name", translation: "Polski"}`,
		"all.sv.yaml", `- {id : language.name, translation: "Svenska"}`,
	))
	require.NoError(t, err)
	require.Equal(t, []string{"en-US", "de", "fr", "pl", "sv"}, texts.Names())
	require.Equal(t, "en-US", texts.Match("it"))
	require.Nil(t, texts.In("it"))
	require.Equal(t, "Gruppe", texts.In("de")("team"))
}

func TestTexts_MissingTextFallsBack(t *testing.T) {
	texts, err := load(filesOf(
		"all.en-us.yaml", `- {id: wait, translation: {one: "{{.Count}} second", other: "{{.Count}} seconds"}}`,
		"all.de.yaml", `- {id: greeting, translation: "Hallo"}`,
	))
	require.NoError(t, err)
	require.Equal(t, "2 seconds", texts.In("de")("wait", 2), "the text of the default language")
	require.Equal(t, "greeting", texts.In("en-US")("greeting"))
	require.Equal(t, "neither", texts.In("de")("neither"))
}

func TestTexts_Match(t *testing.T) {
	texts := exampleTexts(t)
	for header, want := range map[string]string{
		"":                         "en-US",
		"de":                       "de",
		"DE":                       "de",
		"de-AT":                    "de",
		"de-AT,de;q=0.9,en;q=0.8":  "de",
		"fr;q=0.3, de;q=0.7":       "de",
		"fr;q=0.7, de;q=0.3":       "fr",
		"fr;q=0.9, de;q=2":         "de",
		"tlh, fr;q=0.1":            "fr",
		"de;q=0, fr;q=0.5":         "fr",
		"pt":                       "pt-BR",
		"pt-PT":                    "pt-BR",
		"ar-EG":                    "ar",
		"en":                       "en-US",
		"en-GB,en;q=0.9":           "en-US",
		"zh-CN,ja;q=0.9":           "en-US",
		"tlh":                      "en-US",
		"*":                        "en-US",
		" de ":                     "de",
		"de;q=x":                   "en-US",
		"not a language":           "en-US",
		",,;;==":                   "en-US",
		"\x00\xff":                 "en-US",
		"de\r\nX: y":               "en-US",
		"<script>":                 "en-US",
		"../../etc/passwd":         "en-US",
		"fr-FR,fr;q=0.9,-BE;q=0.4": "fr", // sent by some browsers
		"fr-FR_tradnl, chrome://global/locale/intl.properties, fr;q=0.5, Croatianq, q=0.01": "fr",
		"xx,de;q=0.5":                            "de",
		"fr;q=x,de;q=0.5":                        "de",
		"fr," + strings.Repeat("de;q=0.5,", 200): "fr",
		strings.Repeat("tlh,", 60) + "de":        "de",
		strings.Repeat("tlh,", 64) + "de":        "en-US", // beyond maxAcceptLanguage
		strings.Repeat("de", 1<<20):              "en-US",
	} {
		require.Equal(t, want, texts.Match(header), "%.60q", header)
	}
}

func TestTexts_MatchPrefersTheChosenLanguage(t *testing.T) {
	texts := exampleTexts(t)
	require.Equal(t, "fr", texts.Match("de", "fr"))
	require.Equal(t, "fr", texts.Match("de", "", "fr", "ar"), "the first that is shipped")
	require.Equal(t, "de", texts.Match("de", "", "xx", "../de", "\x00"), "no chosen language is shipped")
	require.Equal(t, "en-US", texts.Match("", "xx"))
}

func TestTexts_MatchWithOneLanguage(t *testing.T) {
	texts, err := load(fstest.MapFS{"all.en-us.yaml": {Data: []byte(`- {id: greeting, translation: "Hello"}`)}})
	require.NoError(t, err)
	require.Equal(t, "en-US", texts.Match("tlh,xx;q=0.3"))
}

func TestTexts_InvalidFilePanicsAtFirstUse(t *testing.T) {
	files := fstest.MapFS{"all.en-us.yaml": {Data: []byte("- {id: a, translation: [}")}}
	texts, err := load(files)
	require.NoError(t, err, "the file is not parsed yet")
	require.ErrorContains(t, texts.Reload(), "all.en-us.yaml")
	require.Panics(t, func() { texts.In("en-US")("a") })

	files["all.en-us.yaml"] = &fstest.MapFile{Data: []byte("- {id: a, translation: fixed}")}
	require.NoError(t, texts.Reload())
	require.Equal(t, "fixed", texts.In("en-US")("a"))
}

func TestTexts_Reload(t *testing.T) {
	files := filesOf("all.en-us.yaml", `- {id: saved, translation: "before"}`)
	texts, err := load(files)
	require.NoError(t, err)
	require.Equal(t, "before", texts.In("en-US")("saved"))
	files["all.en-us.yaml"] = &fstest.MapFile{Data: []byte(`- {id: saved, translation: "after"}`)}
	require.Equal(t, "before", texts.In("en-US")("saved"))
	require.NoError(t, texts.Reload())
	require.Equal(t, "after", texts.In("en-US")("saved"))
}

func TestTexts_ReloadWithoutAFile(t *testing.T) {
	files := filesOf("all.en-us.yaml", `- {id: saved, translation: "saved"}`, "all.de.yaml", `- {id: saved, translation: "gespeichert"}`)
	texts, err := load(files)
	require.NoError(t, err)
	require.NoError(t, texts.Reload())
	delete(files, "all.de.yaml")
	files["all.en-us.yaml"] = &fstest.MapFile{Data: []byte(`- {id: saved, translation: "kept"}`)}
	require.NoError(t, texts.Reload())
	require.Equal(t, "gespeichert", texts.In("de")("saved"))
	require.Equal(t, "kept", texts.In("en-US")("saved"))
}

func TestTexts_ReloadParsesOnlyWhatHasChanged(t *testing.T) {
	texts := exampleTexts(t)
	require.NoError(t, texts.Reload())
	require.Less(t, testing.AllocsPerRun(10, func() { texts.Reload() }), 100.0)
}

func TestTexts_AppsShareNoTexts(t *testing.T) {
	one, err := load(filesOf("all.en-us.yaml", `- {id: app, translation: "one"}`, "all.de.yaml", `- {id: app, translation: "eins"}`))
	require.NoError(t, err)
	two, err := load(filesOf("all.en-us.yaml", `- {id: app, translation: "two"}`))
	require.NoError(t, err)
	require.Equal(t, "two", two.In("en-US")("app"))
	require.Equal(t, "one", one.In("en-US")("app"))
	require.False(t, two.Ships("de"))
}

func TestTexts_Plurals(t *testing.T) {
	texts, err := load(filesOf(
		"all.en-us.yaml", `- {id: wait, translation: {one: "{{.Count}} second", other: "{{.Count}} seconds"}}`,
		"all.ar.yaml", `- {id: wait, translation: {zero: "0", one: "1", two: "2", few: "few", many: "many", other: "other"}}`,
	))
	require.NoError(t, err)
	require.Equal(t, "1 second", texts.In("en-US")("wait", 1))
	require.Equal(t, "3 seconds", texts.In("en-US")("wait", 3))
	require.Equal(t, "few", texts.In("ar")("wait", 3))
	require.Equal(t, "unknown.key", texts.In("ar")("unknown.key"))
}

func TestLoad_RejectsUnknownLanguages(t *testing.T) {
	for _, name := range []string{"all.yaml", "de.yaml", "all.nonsense!.yaml", "all.tlh.yaml"} {
		_, err := load(filesOf(name, "- {id: a, translation: b}"))
		require.ErrorContains(t, err, name)
	}
}

func TestTexts_ConcurrentFirstUse(t *testing.T) {
	texts := exampleTexts(t)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if text := texts.In("de")("greeting", map[string]any{"name": "Ada"}); text != "Hallo Ada" {
				t.Error(text)
			}
		})
	}
	all.Wait()
}

// BenchmarkLoad measures Load, which does not parse the files, and the parsing that follows.
func BenchmarkLoad(b *testing.B) {
	var text strings.Builder
	for n := range 270 {
		fmt.Fprintf(&text, "- {id: key.%d, translation: \"A text of the usual length, with {{.name}}\"}\n", n)
	}
	files := fstest.MapFS{}
	for _, name := range []string{"ar", "de", "en-us", "es", "fr", "ja", "pt-br"} {
		files["all."+name+".yaml"] = &fstest.MapFile{Data: []byte(text.String())}
	}
	b.Run("load", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := load(files)
			require.NoError(b, err)
		}
	})
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			texts, err := load(files)
			require.NoError(b, err)
			require.NoError(b, texts.Reload())
		}
	})
}

func TestTexts_Names(t *testing.T) {
	texts := exampleTexts(t)
	require.Equal(t, []string{"en-US", "ar", "de", "fr", "pt-BR"}, texts.Names())
	for _, name := range texts.Names() {
		require.True(t, texts.Ships(name))
	}
	for _, name := range []string{"", "en", "xx", "DE"} {
		require.False(t, texts.Ships(name), name)
	}
}

func TestDirection(t *testing.T) {
	for name, want := range map[string]string{
		"en-US": "ltr", "de": "ltr", "pt-BR": "ltr", "zh-Hant": "ltr", "ar": "rtl", "ar-EG": "rtl", "he": "rtl", "fa": "rtl", "ur": "rtl",
		"az-Arab": "rtl", "az": "ltr", "": "ltr", "nonsense!": "ltr",
	} {
		require.Equal(t, want, Direction(name), name)
	}
}

func FuzzMatch(f *testing.F) {
	texts := exampleTexts(f)
	for _, header := range []string{"", "de", "de-AT,de;q=0.9,en;q=0.8", "*;q=0.1", "de;q=NaN", "x-klingon", "i-default", ",,,", "zh-Hant-TW-u-co-stroke", "\x00"} {
		f.Add(header, "")
	}
	f.Add("de", "fr")
	f.Add("de", "../fr")
	f.Fuzz(func(t *testing.T, header, chosen string) {
		name := texts.Match(header, chosen)
		require.NotNil(t, texts.In(name))
		require.True(t, utf8.ValidString(name))
	})
}

// Prevents a client from filling the memory by sending new headers all the time.
func TestTexts_MatchCacheIsBounded(t *testing.T) {
	texts := exampleTexts(t)
	for n := range 3 * maxMatches {
		require.Equal(t, "en-US", texts.Match(fmt.Sprintf("tlh;q=0.%d", n)))
		require.LessOrEqual(t, len(texts.matched.byHeader), maxMatches)
	}
	require.Equal(t, "en-US", texts.Match("en"))
	require.Equal(t, "en-US", texts.Match("en"), "from the cache")
}
