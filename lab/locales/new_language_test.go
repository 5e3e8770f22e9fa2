package locales

import (
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
)

func TestMain(m *testing.M) { os.Exit(binary.Run(m)) }

// clone returns a folder with copies of the files that the app reads in development.
func clone(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, folder := range []string{"templates", "assets", "locales"} {
		require.NoError(t, os.CopyFS(filepath.Join(dir, folder), os.DirFS(filepath.Join(binary.Root(), folder))))
	}
	return dir
}

// pageFor returns the welcome page for an Accept-Language.
func pageFor(t *testing.T, p *binary.Process, acceptLanguage string) string {
	t.Helper()
	req, err := http.NewRequest("GET", p.URL+"/welcome", nil)
	require.NoError(t, err)
	req.Header.Set("Accept-Language", acceptLanguage)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return string(page)
}

// The test follows "Add a language" in CONTRIBUTING.md with a copy of the English file. The
// app offers the language, and faults lists every text as untranslated.
func TestFiles_NewLanguageIsOffered(t *testing.T) {
	dir := clone(t)
	english, err := os.ReadFile(filepath.Join(dir, "locales/all.en-us.yaml"))
	require.NoError(t, err)
	italian := filepath.Join(dir, "locales/all.it.yaml")
	require.NoError(t, os.WriteFile(italian, english, 0o600))
	page := pageFor(t, binary.Start(t, dir), "it-CH,it;q=0.9,en;q=0.8")
	require.Contains(t, page, `<html lang="it"`)
	require.Contains(t, page, `<option value="it"`, "the chooser offers the language")

	files := os.DirFS(filepath.Join(dir, "locales"))
	languages, _, err := Read(files)
	require.NoError(t, err)
	var want []string
	for key := range maps.Keys(languages["en-us"]) {
		want = append(want, "it: "+key+" is as in English")
	}
	require.ElementsMatch(t, want, faults(t, files))

	line := regexp.MustCompile(`(?m)^- \{id: login\.heading, .*\n`)
	require.NoError(t, os.WriteFile(italian, line.ReplaceAll(english, nil), 0o600))
	require.Contains(t, faults(t, files), "it: login.heading is missing")
}

func TestFiles_EachBrowserGetsItsLanguage(t *testing.T) {
	p := binary.Start(t, t.TempDir())
	page := pageFor(t, p, "")
	for _, name := range []string{"en-US", "ar", "de", "es", "fr", "ja", "pt-BR"} {
		require.Contains(t, page, `<option value="`+name+`"`)
	}
	for header, want := range map[string]string{
		"pt-PT": "pt-BR", "pt": "pt-BR", "pt-BR,pt;q=0.9,en;q=0.8": "pt-BR",
		"es-MX": "es", "es-419": "es", "es-AR,es;q=0.9": "es",
		"de-CH": "de", "de-AT": "de", "fr-CA": "fr", "fr-CH": "fr", "ja-JP": "ja",
		"ar-EG": "ar", "ar-SA": "ar", "ar-001": "ar",
		"en-GB": "en-US", "en-AU": "en-US",
		"zh": "en-US", "zh-CN,zh;q=0.9": "en-US", "zh-TW": "en-US", "ko": "en-US", "ru": "en-US", "fa": "en-US", "he": "en-US",
		"zh-CN,ja;q=0.5": "ja",
	} {
		require.Contains(t, pageFor(t, p, header), `<html lang="`+want+`"`, header)
	}
}

func TestFiles_TimeLayoutsNameMinuteAndZone(t *testing.T) {
	languages, _, err := Read(shipped())
	require.NoError(t, err)
	at := time.Date(2026, 11, 24, 21, 7, 0, 0, time.UTC)
	for name, texts := range languages {
		text := at.Format(texts["time.layout"].Other())
		parsed, err := time.Parse(texts["time.layout"].Other(), text)
		require.NoError(t, err, name)
		require.Equal(t, at, parsed, name)
		require.Contains(t, text, "UTC", name)
		require.NotContains(t, at.In(time.FixedZone("CET", 3600)).Format(texts["time.layout"].Other()), "UTC", name)
	}
}
