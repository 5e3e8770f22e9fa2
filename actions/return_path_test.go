package actions

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReturnPath_OnThisSiteOnly(t *testing.T) {
	for _, path := range []string{"/", "/account", "/account/", "/account/sessions?tab=devices", "/?next=https://evil.example"} {
		require.Equal(t, path, returnPath(path))
	}
	for _, path := range []string{"", "a", "//evil.example", "https://evil.example", "javascript:alert(1)", "/\\evil.example", "/\r\nSet-Cookie: a=b", "/" + strings.Repeat("a", 400)} {
		require.Empty(t, returnPath(path))
	}
}

// http.Redirect cleans what is before the query, fragment included, and browsers resolve
// dots, also as %2e: the client would go to another page than the one that was checked.
func TestReturnPath_IsWhatTheClientGets(t *testing.T) {
	for _, path := range []string{"/account//security/providers/oidc", "/#/../account/security/providers/oidc", "/#/../auth/oidc", "/x/../logout",
		"/account/%2e%2e/auth/oidc", "/account/%2E./auth/oidc", "/./auth/oidc", "/account/security/./providers/oidc"} {
		require.Empty(t, returnPath(path))
	}
	for _, path := range []string{"/account?a=//b/../c", "/account#x", "/account/?a=.."} {
		require.Equal(t, path, returnPath(path))
	}
}

func TestReturnPath_IsNotTheLogoutPage(t *testing.T) {
	for _, path := range []string{"/logout", "/logout/", "/logout?x=1", "/log%6fut", "/logout#x"} {
		require.Empty(t, returnPath(path))
	}
	for _, path := range []string{"/logout/x", "/logoutx", "/LOGOUT"} {
		require.Equal(t, path, returnPath(path))
	}
}

// These pages would redirect the logged-in user to the home page, with a second message.
func TestReturnPath_IsNoPageOfGuests(t *testing.T) {
	for _, path := range []string{"/login", "/login/", "/login?next=/login?next=/account", "/signup", "/log%69n"} {
		require.Empty(t, returnPath(path))
	}
	require.Equal(t, "/signup/password", returnPath("/signup/password"))
}
