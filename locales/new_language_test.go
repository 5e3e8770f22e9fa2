package locales_test

import (
	"maps"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"corral/actions/view"
	"corral/locales/localestest"
)

// withLanguage is the shipped files and one more.
func withLanguage(t *testing.T, name string, content []byte) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{name: {Data: content}}
	shipped, err := os.ReadDir(".")
	require.NoError(t, err)
	for _, entry := range shipped {
		if strings.HasSuffix(entry.Name(), ".yaml") {
			data, err := os.ReadFile(entry.Name())
			require.NoError(t, err)
			files[entry.Name()] = &fstest.MapFile{Data: data}
		}
	}
	return files
}

// "Add a language" of CONTRIBUTING.md: a copy of the English file is a language
// that readers are offered, and the check names every text that is left to do.
func TestFiles_NewLanguage(t *testing.T) {
	english, err := os.ReadFile("all.en-us.yaml")
	require.NoError(t, err)
	files := withLanguage(t, "all.it.yaml", english)
	l, err := view.LoadLocales(files)
	require.NoError(t, err)
	require.Contains(t, l.Names(), "it")
	require.Equal(t, "it", l.Match("it-CH,it;q=0.9,en;q=0.8"))

	languages, _, err := localestest.Read(files)
	require.NoError(t, err)
	var want []string
	for key := range maps.Keys(languages["en-us"]) {
		want = append(want, "it "+key+" is as in English")
	}
	require.ElementsMatch(t, want, faults(t, files))

	line := regexp.MustCompile(`(?m)^- \{id: login\.heading, .*\n`)
	files = withLanguage(t, "all.it.yaml", line.ReplaceAll(english, nil))
	require.Contains(t, faults(t, files), "it login.heading is missing")
}

// What browsers ask for, and what they get of the languages that are shipped.
func TestFiles_WhoGetsWhat(t *testing.T) {
	l, err := view.LoadLocales(os.DirFS("."))
	require.NoError(t, err)
	require.Subset(t, l.Names(), []string{"en-US", "ar", "de", "es", "fr", "ja", "pt-BR"})
	for header, want := range map[string]string{
		"pt-PT": "pt-BR", "pt": "pt-BR", "pt-BR,pt;q=0.9,en;q=0.8": "pt-BR",
		"es-MX": "es", "es-419": "es", "es-AR,es;q=0.9": "es",
		"de-CH": "de", "de-AT": "de", "fr-CA": "fr", "fr-CH": "fr", "ja-JP": "ja",
		"ar-EG": "ar", "ar-SA": "ar", "ar-001": "ar",
		"en-GB": "en-US", "en-AU": "en-US",
		"zh": "en-US", "zh-CN,zh;q=0.9": "en-US", "zh-TW": "en-US", "ko": "en-US", "ru": "en-US", "fa": "en-US", "he": "en-US",
		"zh-CN,ja;q=0.5": "ja",
	} {
		require.Equal(t, want, l.Match(header), header)
	}
}
