package browser

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestActivity_PagesLinkToOlderOnes(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	zoe := s.signedUp(t, "zoe@example.com")
	zoe.looks, zoe.language = true, "en-us"
	phone := s.httpBrowser(t, "en-us", iPhone)
	for range 27 {
		phone.send("/login", "email", zoe.email, "password", zoe.password)
		phone.send("/logout", "_method", "DELETE")
	}
	zoe.visit("/account/activity")
	zoe.see("activity-newest")
	for range 2 {
		require.Equal(t, 25, evaluate[int](zoe.browser, `document.querySelectorAll("main li").length`))
		zoe.press(`main a[rel="next"]`)
	}
	require.Equal(t, 5, evaluate[int](zoe.browser, `document.querySelectorAll("main li").length`))
	zoe.see("activity-oldest")
	require.False(t, zoe.has(`main a[rel="next"]`))
	require.Contains(t, zoe.text("main li:last-child"), "Account created")

	// A page that is still open may link to entries that were purged.
	zoe.visit("/account/activity?before=00000000-0000-7000-8000-000000000000")
	zoe.see("activity-empty")
	require.False(t, zoe.has("main li"))
	require.Contains(t, zoe.text("main"), "There is no earlier activity.")
	zoe.press(`main a[href="/account/activity"]`)
	require.True(t, zoe.has("main li"))
}
