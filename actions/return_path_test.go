package actions

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var hostilePlaces = []string{
	"", " ", "/ ", " /", "//evil.example", "///evil.example", "////evil.example", "/\\evil.example", "\\/evil.example",
	"\\\\evil.example", "/\\/evil.example", "/\t/evil.example", "\t//evil.example", "/\n/evil.example", "/\r\nSet-Cookie: a=b",
	"/\x00", "/a\x00b", "/a\x7fb", "/\x1b[31m", "https://evil.example", "https:evil.example", "https:/evil.example",
	"http:\\\\evil.example", "javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "mailto:a@b.example",
	"evil.example", "@evil.example", "user@evil.example/", "?next=/", "#top", ".", "..", "/..//evil.example",
	"/../evil", "/a/../../evil", "/%2f/evil.example", "/%2F%2Fevil.example", "/%5cevil.example", "/%5C%5Cevil.example",
	"/%09/evil.example", "/%0d%0aLocation:x", "/%00", "/%2e%2e/%2e%2e//evil.example", "/%", "/%zz", "/%2",
	"/\u2215evil.example", "/\uff0fevil.example", "/\u29f8evil.example", "/\u3002evil", "/\u202eevil", "/\u00a0evil",
	"/caf\u00e9", "/\xff\xfe", "/logout", "/logout/", "/logout?x=1", "/" + strings.Repeat("a", 1024), ":80", "/\u000b/evil.example",
}

func TestReturnPath_Hostile(t *testing.T) {
	require.GreaterOrEqual(t, len(hostilePlaces), 40)
	for _, place := range hostilePlaces {
		require.False(t, isReturnPath(place), "%q", place)
	}
}

func TestReturnPath_Own(t *testing.T) {
	for _, place := range []string{
		"/", "/account", "/account/sessions", "/?tab=devices", "/search?q=a+b&r=%C3%A9", "/a%20b", "/?next=https://evil.example",
		"/?x=//evil", "/a:b", "/@ada", "/nopePath()", "/%25s%25d", "/a;b", "/welcome#top", "/" + strings.Repeat("a", 1000),
	} {
		require.True(t, isReturnPath(place), "%q", place)
	}
}

// Whatever is accepted stays on this site, for net/url and for a browser, which
// reads a backslash as a slash and leaves out TAB, CR and LF.
func FuzzReturnPath(f *testing.F) {
	for _, place := range hostilePlaces {
		f.Add(place)
	}
	f.Add("/account?x=1")
	base, _ := url.Parse("https://corral.example/login")
	f.Fuzz(func(t *testing.T, place string) {
		if !isReturnPath(place) {
			return
		}
		asBrowser := strings.NewReplacer("\\", "/", "\t", "", "\r", "", "\n", "").Replace(place)
		for _, read := range []string{place, asBrowser} {
			u, err := base.Parse(read)
			require.NoError(t, err)
			require.Equal(t, "https", u.Scheme)
			require.Equal(t, "corral.example", u.Host)
		}
		require.NotContains(t, place, "\n")
		require.NotContains(t, place, "\r")
	})
}
