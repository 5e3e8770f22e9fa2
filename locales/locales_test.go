package locales_test

import (
	"io/fs"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"

	"corral/internal/i18n"
	"corral/locales"
)

// An invalid file would cause a panic only at the first page.
func TestFiles_AreParsed(t *testing.T) {
	texts, err := i18n.Load(locales.FS, locales.Default)
	require.NoError(t, err)
	require.NoError(t, texts.Reload())
	for _, name := range texts.Names() {
		require.NotEqual(t, "language.name", texts.In(name)("language.name"), "what %s is called in the chooser of languages", name)
	}
	files, err := fs.Glob(locales.FS, "*.yaml")
	require.NoError(t, err)
	for _, file := range files {
		name := strings.TrimPrefix(path.Ext(strings.TrimSuffix(file, ".yaml")), ".")
		require.True(t, texts.Ships(language.Make(name).String()), "no file has the text language.name of %s: %s is not used", name, file)
	}
}
