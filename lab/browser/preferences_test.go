package browser

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPreferences_ForcedColorsShowControlsAndFocus(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"light", "dark"} {
		colours := prefers("forced-colors", "active", "prefers-color-scheme", scheme, "prefers-reduced-motion", "reduce")
		somePages(t, func(b *browser, page string) {
			name := page + "-forced-" + scheme
			b.do("forcing colours", colours)
			require.True(t, evaluate[bool](b, `matchMedia("(forced-colors: active) and (prefers-color-scheme: `+scheme+`)").matches`))
			b.photograph(name, b.screen)
			b.do("forcing colours again", colours) // photograph has set the screen's colours
			assert.Empty(t, b.axe(), name)
			assert.Empty(t, evaluate[[]string](b, frameless), name)
			b.tabRound()
		})
	}
}

// frameless is a script that finds controls whose border has the colour of the
// background.
const frameless = `[...document.querySelectorAll(".btn, .site-header button, input:not([type=hidden], [type=checkbox]), select")].filter(e => e.checkVisibility() && !e.matches(".visually-hidden")).flatMap(e => {
	const s = getComputedStyle(e), ground = getComputedStyle(document.documentElement).backgroundColor
	const drawn = ["Top", "Right", "Bottom", "Left"].every(side => s["border" + side + "Style"] !== "none" && parseFloat(s["border" + side + "Width"]) >= 1)
	return drawn && s.borderTopColor !== ground ? [] : [s.border + " on " + ground + ": " + e.outerHTML.slice(0, 100)]
})`

func TestPreferences_ReducedMotionStopsMotion(t *testing.T) {
	t.Parallel()
	somePages(t, func(b *browser, page string) {
		b.do("allowing motion", prefers("prefers-reduced-motion", "no-preference"))
		require.NotEmpty(t, evaluate[[]string](b, moving), "without the preference, there is motion")
		b.do("reducing motion", prefers("prefers-reduced-motion", "reduce"))
		require.Empty(t, evaluate[[]string](b, moving), page)
	})
}

// moving is a script that finds elements with animations or transitions.
const moving = `[...document.querySelectorAll("*")].flatMap(e => ["", "::before", "::after"].flatMap(part => {
	const s = getComputedStyle(e, part || null)
	const moves = s.animationName !== "none" || s.transitionDuration.split(", ").some(d => parseFloat(d) > 0) || s.scrollBehavior === "smooth"
	return moves ? [e.outerHTML.slice(0, 100) + part] : []
}))`

// The browser's font is twice as large as usual.
func TestPreferences_LargeFontFits(t *testing.T) {
	t.Parallel()
	b := openBrowser(t, openSite(t), person{screen: narrowLight})
	b.do("enlarging the font", page.SetFontSizes(&page.FontSizes{Standard: 32}))
	for _, path := range []string{"/welcome", "/login"} {
		b.visit(path)
		require.Empty(t, evaluate[[]string](b, misfits), path)
	}
}

// prefers sets media features, given as names and values by turns.
func prefers(pairs ...string) chromedp.Action {
	var features []*emulation.MediaFeature
	for i := 0; i < len(pairs); i += 2 {
		features = append(features, &emulation.MediaFeature{Name: pairs[i], Value: pairs[i+1]})
	}
	return emulation.SetEmulatedMedia().WithFeatures(features)
}

// somePages calls look on a page with a form error, one with a flash message, and one
// with a list and buttons.
func somePages(t *testing.T, look func(b *browser, page string)) {
	t.Helper()
	s := openSite(t)
	zoe := s.signedUp(t, "zoe@example.com")
	look(zoe.browser, "home-flash")
	zoe.visit("/account/sessions")
	look(zoe.browser, "devices")
	guest := &story{browser: openBrowser(t, s, person{}), email: zoe.email}
	guest.visit("/login")
	guest.logIn("not the password")
	look(guest.browser, "login-error")
}
