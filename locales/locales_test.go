package locales_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/i18n"
	"corral/locales"
)

// An invalid file would cause a panic only at the first page.
func TestFiles_AreParsed(t *testing.T) {
	texts, err := i18n.Load(locales.FS, locales.Default)
	require.NoError(t, err)
	require.NoError(t, texts.Reload())
	for _, language := range texts.Names() {
		require.NotEqual(t, "language.name", texts.In(language)("language.name"), "what %s is called in the chooser of languages", language)
	}
}
