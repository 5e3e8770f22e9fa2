package actions

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// See package web for details.
func TestReturnPath_OnThisSiteOnly(t *testing.T) {
	for _, path := range []string{"/", "/account", "/account/", "/account/sessions?tab=devices", "/?next=https://evil.example"} {
		require.True(t, isReturnPath(path), path)
	}
	for _, path := range []string{"", "a", "//evil.example", "https://evil.example", "javascript:alert(1)", "/\\evil.example", "/\r\nSet-Cookie: a=b", "/" + strings.Repeat("a", 1024)} {
		require.False(t, isReturnPath(path), path)
	}
}

func TestReturnPath_IsNotTheLogoutPage(t *testing.T) {
	for _, path := range []string{"/logout", "/logout/", "/logout?x=1", "/log%6fut", "/logout#x"} {
		require.False(t, isReturnPath(path), path)
	}
	for _, path := range []string{"/logout/x", "/logoutx", "/LOGOUT"} {
		require.True(t, isReturnPath(path), path)
	}
}
