package browser

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// see checks the page. If person.looks is set, it checks the page on several screens and
// with axe, and takes screenshots. The test continues after a failed check.
func (b *browser) see(name string) {
	b.t.Helper()
	name += "-" + b.language
	require.Equal(b.t, strings.ToLower(b.language), strings.ToLower(evaluate[string](b, "document.documentElement.lang")), name)
	require.Equal(b.t, b.language == "ar", evaluate[string](b, "document.documentElement.dir") == "rtl", name)
	assert.Empty(b.t, evaluate[[]string](b, misfits), "%s-%s", name, b.screen)
	if !b.looks {
		return
	}
	screens := []screen{narrowDark}
	switch b.language {
	case "en-us":
		screens = []screen{narrowLight, narrowDark, wideLight, wideDark}
	case "ar":
		screens = []screen{narrowDark, wideLight}
	}
	for _, s := range screens {
		where := fmt.Sprintf("%s-%s", name, s)
		b.do("showing "+where, s)
		b.photograph(name, s)
		assert.Empty(b.t, evaluate[[]string](b, misfits), where)
		assert.Empty(b.t, b.axe(), where)
	}
	b.do("back to the usual screen", b.screen)
}

// photograph takes a screenshot of the whole page when it is drawn.
func (b *browser) photograph(name string, s screen) {
	b.t.Helper()
	require.NoError(b.t, os.MkdirAll("../../screenshots", 0o755))
	b.showWhole(s.width, s.height(), 1)
	var png []byte
	b.do("photographing "+name,
		chromedp.ActionFunc(func(ctx context.Context) (err error) {
			png, err = page.CaptureScreenshot().WithOptimizeForSpeed(true).Do(ctx) // makes larger files in less time
			return err
		}),
		s)
	require.NoError(b.t, os.WriteFile(fmt.Sprintf("../../screenshots/%s-%s.png", name, s), png, 0o644))
}

// showWhole makes the screen as high as the page.
func (b *browser) showWhole(width, least int64, scale float64) {
	b.t.Helper()
	height := int64(0)
	for range 3 {
		needed := max(least, evaluate[int64](b, "document.documentElement.scrollHeight"))
		if needed == height {
			return
		}
		height = needed
		b.do("showing the whole page",
			emulation.SetDeviceMetricsOverride(width, height, scale, false),
			chromedp.Evaluate("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))", nil, awaitPromise))
	}
}

func awaitPromise(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

// misfits is a script that finds layout errors: sideways scrolling, cut text, elements
// outside of the screen or of their button, and targets that are too small for a finger.
const misfits = `(() => {
	const found = []
	if (document.documentElement.scrollWidth > innerWidth) found.push("the page is " + document.documentElement.scrollWidth + " px wide")
	for (const e of document.body.querySelectorAll("*")) {
		const box = e.getBoundingClientRect(), style = getComputedStyle(e)
		if (!e.checkVisibility() || box.width <= 1 || box.bottom <= 0 || e.ariaHidden === "true") continue // nobody sees it
		const note = what => found.push(what + ": " + e.outerHTML.slice(0, 150))
		if (box.left < -0.5 || box.right > innerWidth + 0.5) note("leaves the screen")
		const wide = e.scrollWidth > e.clientWidth + 1, high = e.scrollHeight > e.clientHeight + 1
		if (!e.matches("input, select, img, svg *") && (wide && /hidden|clip/.test(style.overflowX) || high && /hidden|clip/.test(style.overflowY))) note("is cut")
		if (e.matches("button, .btn, .badge") && wide) note("is wider than its frame")
		const target = e.matches("a[href], button, select, summary, input:not([type=hidden])") && style.display !== "inline"
		if (target && (box.width < 24 || box.height < 24)) note("is too small to hit")
	}
	return found
})()`
