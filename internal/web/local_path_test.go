package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// hostilePaths lists paths that must be refused, by attack.
var hostilePaths = map[string][]string{
	"no path at all":   {"", " ", "?next=/", "#top", ".", "..", ":80", "a", "a/b", "/ ", " /", "\u00a0/", "%2f", "%2f%2fevil.example", "%5c%5cevil.example"},
	"another host":     {"//", "///", "//evil.example", "///evil.example", "////evil.example", "//evil.example:80", "//[::1]/", "//127.1", "//evil.example/%2f..", "evil.example"},
	"userinfo":         {"@evil.example", "user@evil.example/", "//user:password@evil.example", "//corral.example@evil.example", "https://corral.example@evil.example", "https://corral.example:x@[::1]/", ";@evil.example", ";//evil.example"},
	"backslashes":      {"/\\evil.example", "\\/evil.example", "\\\\evil.example", "/\\/evil.example", "http:\\\\evil.example", "/a\\b", "/?a=\\", "/%5cevil.example", "/%5C%5Cevil.example", "/a%5cb"},
	"schemes":          {"https://evil.example", "https:evil.example", "https:/evil.example", "https:///evil.example", "HTTPS://evil.example", "https://[::1]/", "ftp://evil.example/", "javascript:alert(1)", "JavaScript:alert(1)", "java\nscript:alert(1)", "vbscript:x", "data:text/html,x", "blob:https://evil.example/x", "mailto:a@b.example", "about:blank"},
	"white space":      {"/\t/evil.example", "\t//evil.example", "/\n/evil.example", "\n//evil.example", "/\r/evil.example", "/\u000b/evil.example", "/\f/evil.example", "/a b", "/%09/evil.example", "/%0a/evil.example"},
	"header injection": {"/\r\nSet-Cookie: a=b", "/a\nLocation: https://evil.example", "/?a=\r\nb", "/%0d%0aLocation:x", "/%0d", "/%0a"},
	"control":          {"/\x00", "/a\x00b", "/%00", "/a\x7fb", "/\x1b[31m", "/\u0085", "/\u2028//evil.example", "/\u200b/evil.example", "/\u202eevil", "/\ufeff"},
	"look-alikes":      {"/\u2215evil.example", "/\uff0fevil.example", "\uff0f\uff0fevil.example", "/\u29f8evil.example", "/\u3002evil", "/\uff0e\uff0e/", "/\uff20evil", "/caf\u00e9", "/\xff\xfe", "/\xc0\xaf/evil.example"},
	"dot segments":     {"/.", "/..", "/./", "/.//evil.example", "/..//evil.example", "/../evil", "/a/..", "/a/../../evil", "/a/.././/evil.example", "/%2e", "/%2e//evil.example", "/%2E/%2Fevil.example", "/%2e%2e/%2e%2e//evil.example", "/.%2e//evil.example", "/a/%2e%2e%2f%2fevil.example"},
	"encoded slashes":  {"/%2f/evil.example", "/%2fevil.example", "/%2F%2Fevil.example"},
	"broken encoding":  {"/%", "/%s", "/%d%n", "/%zz", "/%2", "/a%", "/%u002f/evil.example"},
	"too long":         {"/" + strings.Repeat("a", 400), "/?" + strings.Repeat("a", 1<<20)},
}

func TestIsLocalPath_RefusesHostilePaths(t *testing.T) {
	for attack, paths := range hostilePaths {
		for _, path := range paths {
			require.False(t, IsLocalPath(path), "%s: %.80q", attack, path)
		}
	}
}

var ownPaths = []string{
	"/", "/account", "/account/", "/account/sessions", "/?tab=devices", "/search?q=a+b&r=%C3%A9", "/a%20b", "/caf%C3%A9",
	"/?next=https://evil.example", "/?x=//evil.example", "/?x=%2f%2fevil.example", "/?x=/../..", "/a:b", "/@ada", "/user:password@host",
	"/nopePath()", "/rootPath()", "/%25s%25d", "/%2525", "/a;b", "/;//a", "/a//b", "/a%2fb", "/[::1]", "/...", "/.well-known/x", "/a..b", "/welcome#top",
	"/logout/x", "/logoutx", "/LOGOUT", "/" + strings.Repeat("a", 399),
}

func TestIsLocalPath_AcceptsOwnPaths(t *testing.T) {
	for _, path := range ownPaths {
		require.True(t, IsLocalPath(path), "%.80q", path)
	}
}

func TestLocalURL_OnlyCleanPaths(t *testing.T) {
	for _, path := range []string{"/", "/account", "/account/", "/account?a=//b/../c", "/account#x", "/account/?a=.."} {
		require.NotNil(t, LocalURL(path), path)
	}
	for _, path := range []string{"", "//evil.example", "/a//b", "/#/../b", "/x/../b", "/a/%2e%2e/b", "/a%2f/b", "/\\evil.example"} {
		require.Nil(t, LocalURL(path), path)
	}
}

// An accepted path must stay on this site in every interpretation: by net/url; by
// browsers, which read backslashes as slashes and drop TAB, CR and LF; after it is
// decoded or cleaned again; and in the Location that net/http writes.
func FuzzIsLocalPath(f *testing.F) {
	for _, paths := range hostilePaths {
		for _, local := range paths {
			if len(local) < 2000 {
				f.Add(local)
			}
		}
	}
	for _, local := range ownPaths {
		f.Add(local)
	}
	base, _ := url.Parse("https://corral.example/login")
	f.Fuzz(func(t *testing.T, local string) {
		if !IsLocalPath(local) {
			return
		}
		asBrowser := strings.NewReplacer("\\", "/", "\t", "", "\r", "", "\n", "").Replace(local)
		pathOnly, _, _ := strings.Cut(local, "?")
		decoded, err := url.PathUnescape(pathOnly)
		require.NoError(t, err)
		w := httptest.NewRecorder()
		http.Redirect(w, httptest.NewRequest("POST", "https://corral.example/login", nil), local, http.StatusSeeOther)
		location := w.Header().Get("Location")
		for _, reading := range []string{local, asBrowser, path.Clean(pathOnly), path.Clean(decoded), (&url.URL{Path: decoded}).EscapedPath(), location} {
			u, err := base.Parse(reading)
			if err != nil {
				continue
			}
			require.Equal(t, "https", u.Scheme, "%q", reading)
			require.Equal(t, "corral.example", u.Host, "%q", reading)
			require.Nil(t, u.User)
			require.False(t, strings.HasPrefix(u.Path, "//"), "%q: a browser may take the path for a host", reading)
		}
		require.False(t, strings.ContainsAny(local+location, "\r\n\x00"))
	})
}
