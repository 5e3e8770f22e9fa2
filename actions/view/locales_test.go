package view

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// shipped is a set of locale files for several languages.
func shipped(t testing.TB) *Locales {
	t.Helper()
	files := templatesOf(
		"embed.go", "package locales",
		"all.en-us.yaml", `- {id: greeting, translation: "Hello {{.name}}"}`,
		"all.ar.yaml", `- {id: greeting, translation: "مرحبا {{.name}}"}`,
		"all.de.yaml", `- {id: greeting, translation: "Hallo {{.name}}"}`,
		"all.fr.yaml", `- {id: greeting, translation: "Bonjour {{.name}}"}`,
		"all.pt-br.yaml", `- {id: greeting, translation: "Olá {{.name}}"}`,
		"widgets.de.yaml", `- {id: widget, translation: "Ding"}`,
		"admin/widgets.de.yaml", `- {id: admin.widget, translation: "Dings"}`,
	)
	l, err := LoadLocales(files)
	require.NoError(t, err)
	return l
}

func TestLocales_TextsOfEachLanguage(t *testing.T) {
	l := shipped(t)
	for name, want := range map[string]string{
		"en-US": "Hello Ada", "de": "Hallo Ada", "fr": "Bonjour Ada", "pt-BR": "Olá Ada", "ar": "مرحبا Ada",
	} {
		require.Equal(t, want, l.In(name)("greeting", map[string]any{"name": "Ada"}), name)
	}
	require.Equal(t, "Ding", l.In("de")("widget"), "a second file of the language, as the generator makes it")
	require.Equal(t, "Dings", l.In("de")("admin.widget"), "and one in a folder")
	require.Nil(t, l.In("xx"))
}

func TestLocales_Match(t *testing.T) {
	l := shipped(t)
	for header, want := range map[string]string{
		"":                                "en-US",
		"de":                              "de",
		"DE":                              "de",
		"de-AT":                           "de",
		"de-AT,de;q=0.9,en;q=0.8":         "de",
		"fr;q=0.3, de;q=0.7":              "de",
		"fr;q=0.7, de;q=0.3":              "fr",
		"fr;q=0.9, de;q=2":                "de",
		"tlh, fr;q=0.1":                   "fr",
		"de;q=0, fr;q=0.5":                "fr",
		"pt":                              "pt-BR",
		"pt-PT":                           "pt-BR",
		"ar-EG":                           "ar",
		"en":                              "en-US",
		"en-GB,en;q=0.9":                  "en-US",
		"zh-CN,ja;q=0.9":                  "en-US",
		"tlh":                             "en-US",
		"*":                               "en-US",
		" de ":                            "de",
		"de;q=x":                          "en-US",
		"not a language":                  "en-US",
		",,;;==":                          "en-US",
		"\x00\xff":                        "en-US",
		"de\r\nX: y":                      "en-US",
		"<script>":                        "en-US",
		"../../etc/passwd":                "en-US",
		strings.Repeat("tlh,", 60) + "de": "de",
		strings.Repeat("tlh,", 64) + "de": "en-US", // longer than any browser's
		strings.Repeat("de", 1<<20):       "en-US",
	} {
		require.Equal(t, want, l.Match(header), "%.60q", header)
	}
}

// What somebody chose comes before what the browser says, when it is shipped.
func TestLocales_MatchChosen(t *testing.T) {
	l := shipped(t)
	require.Equal(t, "fr", l.Match("de", "fr"))
	require.Equal(t, "fr", l.Match("de", "", "fr", "ar"), "the first that there is")
	require.Equal(t, "de", l.Match("de", "", "xx", "../de", "\x00"), "none that is shipped")
	require.Equal(t, "en-US", l.Match("", "xx"))
}

// Without files for the reader's language there is still the default.
func TestLocales_OneLanguage(t *testing.T) {
	l, err := LoadLocales(fstest.MapFS{"all.en-us.yaml": {Data: []byte(`- {id: greeting, translation: "Hello"}`)}})
	require.NoError(t, err)
	require.Equal(t, DefaultLanguage, l.Match("tlh,xx;q=0.3"))
}

func TestLocales_BrokenFile(t *testing.T) {
	_, err := LoadLocales(fstest.MapFS{"all.en-us.yaml": {Data: []byte("- {id: a, translation: [}")}})
	require.ErrorContains(t, err, "all.en-us.yaml")
}

func TestLocales_Reload(t *testing.T) {
	files := templatesOf("all.en-us.yaml", `- {id: saved, translation: "before"}`)
	l, err := LoadLocales(files)
	require.NoError(t, err)
	files["all.en-us.yaml"] = &fstest.MapFile{Data: []byte(`- {id: saved, translation: "after"}`)}
	require.Equal(t, "before", l.In(DefaultLanguage)("saved"))
	require.NoError(t, l.Reload())
	require.Equal(t, "after", l.In(DefaultLanguage)("saved"))
}

func TestLocales_Names(t *testing.T) {
	l := shipped(t)
	require.Equal(t, []string{"en-US", "ar", "de", "fr", "pt-BR"}, l.Names())
	for _, name := range l.Names() {
		require.True(t, l.Ships(name))
	}
	for _, name := range []string{"", "en", "xx", "DE"} {
		require.False(t, l.Ships(name), name)
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

// Whatever a browser sends, the page has a language that is shipped.
func FuzzMatch(f *testing.F) {
	l := shipped(f)
	for _, header := range []string{"", "de", "de-AT,de;q=0.9,en;q=0.8", "*;q=0.1", "de;q=NaN", "x-klingon", "i-default", ",,,", "zh-Hant-TW-u-co-stroke", "\x00"} {
		f.Add(header, "")
	}
	f.Add("de", "fr")
	f.Add("de", "../fr")
	f.Fuzz(func(t *testing.T, header, chosen string) {
		name := l.Match(header, chosen)
		require.NotNil(t, l.In(name))
		require.True(t, utf8.ValidString(name))
	})
}

// A visitor who sends ever new headers fills no memory, and nobody else's answer is wrong.
func TestLocales_MatchesAreBounded(t *testing.T) {
	l := shipped(t)
	for n := range 3 * maxMatches {
		require.Equal(t, "en-US", l.Match(fmt.Sprintf("tlh;q=0.%d", n)))
		require.LessOrEqual(t, len(l.matched.byText), maxMatches)
	}
	require.Equal(t, "en-US", l.Match("en"))
	require.Equal(t, "en-US", l.Match("en"), "remembered")
}
