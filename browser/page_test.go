package browser

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Password managers and people paste.
func TestPage_Paste(t *testing.T) {
	s := openSite(t)
	zoe := s.welcome(t, "zoe@example.com")
	zoe.visit("/account")
	require.True(t, evaluate[bool](zoe.browser, `[...document.querySelectorAll("main input:not([type=hidden])")].every(e => e.dispatchEvent(new ClipboardEvent("paste", {cancelable: true, bubbles: true})))`))
}

// A session that was ended elsewhere shows nothing at Back either, whatever the browser has kept.
func TestPage_BackShowsNothingPrivate(t *testing.T) {
	s := openSite(t)
	zoe := s.welcome(t, "zoe@example.com")
	zoe.visit("/account")
	zoe.visit("/welcome")
	other := &story{browser: openBrowser(t, s, person{}), email: zoe.email}
	other.visit("/login")
	other.logIn(zoe.password)
	other.visit("/account/sessions")
	other.press(`main [action="/account/sessions"] [type=submit]`)
	zoe.back()
	zoe.await(`location.pathname === "/login" && document.readyState === "complete"`)
	require.NotContains(t, zoe.text("body"), zoe.email)
}

// A login page that was left open works after a day, and after a new release: nothing on it grows old.
func TestPage_OpenPageStillSubmits(t *testing.T) {
	s := openSite(t)
	zoe := s.welcome(t, "zoe@example.com")
	b := &story{browser: openBrowser(t, s, person{noisy: true}), email: zoe.email} // its icon may come while nobody is there
	b.visit("/login")
	require.Empty(t, b.cookies())
	require.Empty(t, evaluate[[]string](b.browser, `[...document.querySelectorAll("[action='/login'] [type=hidden]")].map(e => e.name)`))
	s.restart(t)
	b.logIn(zoe.password)
	require.Equal(t, "/", b.path())
}

// The login page with all that it needs, as it comes over the wire for the first time.
func TestPage_LoginIsLight(t *testing.T) {
	b := openBrowser(t, openSite(t), person{})
	b.visit("/login")
	b.mutex.Lock()
	defer b.mutex.Unlock()
	require.Greater(t, b.received, 2000.0)
	require.LessOrEqual(t, b.received, 20.0*1024)
}
