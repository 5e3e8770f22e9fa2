package browser

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// The chooser stands on every page. It keeps the page and asks nobody's name.
func TestLanguage_Chooser(t *testing.T) {
	for _, noScript := range []bool{false, true} {
		b := openBrowser(t, openSite(t), person{noScript: noScript})
		b.visit("/signup")
		for _, choice := range []struct{ name, lang, dir string }{{"ar", "ar", "rtl"}, {"ja", "ja", "ltr"}, {"en-US", "en-US", "ltr"}} {
			b.do("choosing "+choice.name, chromedp.SetValue("footer [name=language]", choice.name, chromedp.ByQuery))
			b.press("footer [type=submit]")
			require.Equal(t, "/signup", b.path())
			require.Equal(t, choice.lang+" "+choice.dir, evaluate[string](b, `document.documentElement.lang + " " + document.documentElement.dir`))
			require.Len(t, b.cookies(), 1)
			require.Equal(t, choice.name, b.cookies()[0].Value, "it holds the language alone")
		}
	}
}
