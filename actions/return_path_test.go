package actions

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Package web tests in detail what a path on this site is.
func TestReturnPath_OnThisSiteOnly(t *testing.T) {
	for _, place := range []string{"/", "/account", "/account/", "/account/sessions?tab=devices", "/?next=https://evil.example"} {
		require.True(t, isReturnPath(place), place)
	}
	for _, place := range []string{"", "a", "//evil.example", "https://evil.example", "javascript:alert(1)", "/\\evil.example", "/\r\nSet-Cookie: a=b", "/" + strings.Repeat("a", 1024)} {
		require.False(t, isReturnPath(place), place)
	}
}

// A login does not lead to the page that logs out again.
func TestReturnPath_NotTheLogoutPage(t *testing.T) {
	for _, place := range []string{"/logout", "/logout/", "/logout?x=1", "/log%6fut", "/logout#x"} {
		require.False(t, isReturnPath(place), place)
	}
	for _, place := range []string{"/logout/x", "/logoutx", "/LOGOUT"} {
		require.True(t, isReturnPath(place), place)
	}
}
