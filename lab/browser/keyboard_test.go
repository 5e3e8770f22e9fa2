package browser

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

func TestKeyboard_LogsIn(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	zoe := s.signedUp(t, "zoe@example.com")
	b := openBrowser(t, s, person{})
	b.visit("/login")
	b.await(`document.activeElement.name === "email"`)
	b.keys(zoe.email + kb.Tab)
	b.keysTo("[name=password]")
	b.keys(zoe.password + kb.Tab)
	b.keysTo("[name=remember]")
	b.keys(" ")
	require.True(t, evaluate[bool](b, `document.querySelector("[name=remember]").checked`))
	b.keysTo(`main [type=submit]`)
	b.leads("pressing Enter", chromedp.KeyEvent(kb.Enter))
	require.Equal(t, "/", b.path())

	// The first Tab stop is the link that skips the navigation.
	b.visit("/account")
	b.keys(kb.Tab)
	require.Equal(t, "#main", evaluate[string](b, `document.activeElement.getAttribute("href")`))
	b.keys(kb.Enter + kb.Tab)
	require.True(t, evaluate[bool](b, `document.querySelector("main").contains(document.activeElement)`))
}

func TestKeyboard_FocusIsVisible(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	zoe := s.signedUp(t, "zoe@example.com")
	guest := openBrowser(t, s, person{screen: narrowLight})
	for _, walk := range []struct {
		*browser
		paths []string
	}{
		{guest, []string{"/welcome", "/login", "/signup", "/password/forgot", "/check-mail", "/nothing/here"}},
		{zoe.browser, []string{"/", "/account", "/account/security", "/account/sessions", "/sudo", "/logout"}},
	} {
		for _, path := range walk.paths {
			walk.visit(path)
			walk.tabRound()
		}
	}
}

// tabRound presses Tab until the focus leaves the page. It fails the test if the focus
// is not visible.
func (b *browser) tabRound() {
	b.t.Helper()
	stops := evaluate[int](b, focusable+".length")
	require.Greater(b.t, stops, 3, b.path())
	seen := map[string]bool{}
	for range stops + 1 { // the last Tab leaves the page
		b.keys(kb.Tab)
		if at := evaluate[string](b, focusedAt); at != "" {
			require.NotContains(b.t, at, "hidden: ", b.path())
			seen[at] = true
		}
	}
	require.Len(b.t, seen, stops, "%s: every stop once", b.path())
}

// focusable selects the Tab stops.
const focusable = `[...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
	.filter(e => e.tabIndex >= 0 && !e.disabled && e.checkVisibility())`

// focusedAt describes the focused element, after "hidden: " if the element is off screen
// or covered, or if its outline and shadow are the same without the focus.
const focusedAt = `(() => {
	const e = document.activeElement, box = e.getBoundingClientRect()
	if (e === document.body) return ""
	const name = ` + focusable + `.indexOf(e) + " " + e.outerHTML.slice(0, 100)
	const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)
	const drawn = s => (s.outlineStyle === "none" || parseFloat(s.outlineWidth) < 2 ? "" : s.outline) + s.boxShadow
	const focused = drawn(getComputedStyle(e))
	e.blur()
	const plain = drawn(getComputedStyle(e))
	e.focus()
	return (hit && (e.contains(hit) || hit.contains(e)) && focused !== plain ? "" : "hidden: ") + name
})()`

func (b *browser) keys(text string) {
	b.t.Helper()
	b.do("typing", chromedp.KeyEvent(text))
}

// keysTo presses Tab until the element has the focus.
func (b *browser) keysTo(selector string) {
	b.t.Helper()
	for range 5 {
		if evaluate[bool](b, "document.activeElement === "+element(selector)) {
			return
		}
		b.keys(kb.Tab)
	}
	require.Fail(b.t, "Tab does not lead to "+selector)
}
