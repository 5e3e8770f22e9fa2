package browser

import (
	"os"
	"strings"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// see looks at a page as it is now.
func (b *browser) see(name string) {
	b.t.Helper()
	require.Equal(b.t, strings.ToLower(b.language), strings.ToLower(evaluate[string](b, "document.documentElement.lang")), name)
	if b.noScript {
		require.False(b.t, evaluate[bool](b, "document.documentElement.scrollWidth > innerWidth"), name)
		return
	}
	require.NoError(b.t, os.MkdirAll("../screenshots", 0o755))
	for _, s := range []screen{narrowDark, wideLight} {
		var png []byte
		b.do("showing "+name, s)
		require.False(b.t, evaluate[bool](b, "document.documentElement.scrollWidth > innerWidth"), name)
		b.do("photographing "+name, chromedp.FullScreenshot(&png, 100))
		require.NoError(b.t, os.WriteFile("../screenshots/"+name+"-"+b.language+"-"+s.String()+".png", png, 0o644))
	}
	b.do("back to the usual screen", b.screen)
}
