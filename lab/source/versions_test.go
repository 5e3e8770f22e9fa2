package source

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// minVersions are the oldest versions without a known vulnerability: see go.mod.
var minVersions = map[string]string{
	"github.com/sirupsen/logrus": "v1.9.3", "golang.org/x/text": "v0.39.0", "golang.org/x/net": "v0.56.0", "golang.org/x/crypto": "v0.52.0",
	"github.com/gorilla/sessions": "v1.4.0", "github.com/gorilla/securecookie": "v1.1.2", "github.com/gorilla/mux": "v1.8.1", "github.com/jackc/pgx/v5": "v5.9.2",
}

// reviewedVersions are the versions that were reviewed, of modules about which
// govulncheck knows nothing.
var reviewedVersions = map[string]string{
	"github.com/gobuffalo/buffalo": "v1.1.0", "github.com/gobuffalo/plush/v4": "v4.1.22", "github.com/gobuffalo/pop/v6": "v6.4.1",
	"github.com/gobuffalo/middleware": "v1.0.0", "github.com/gobuffalo/helpers": "v0.6.7",
}

func TestSource_ReviewedVersions(t *testing.T) {
	for _, module := range []string{root, root + "lab"} {
		requireVersions(t, module)
	}
}

func requireVersions(t *testing.T, module string) {
	t.Helper()
	found := 0
	for line := range strings.Lines(runGo(t, module, "list", "-m", "-f", "{{.Path}} {{.Version}}", "all")) {
		path, version, _ := strings.Cut(strings.TrimSpace(line), " ")
		if oldest, ok := minVersions[path]; ok {
			found++
			require.False(t, older(version, oldest), "%s %s is older than %s", path, version, oldest)
		}
		if want, ok := reviewedVersions[path]; ok {
			found++
			require.Equal(t, want, version, path)
		}
	}
	require.Equal(t, len(minVersions)+len(reviewedVersions), found)
}

// older reports whether version a is older than b. Versions are like v1.2.3.
func older(a, b string) bool {
	number := regexp.MustCompile(`\d+`)
	as, bs := number.FindAllString(a, 3), number.FindAllString(b, 3)
	for i := range bs {
		x, _ := strconv.Atoi(as[i])
		y, _ := strconv.Atoi(bs[i])
		if x != y {
			return x < y
		}
	}
	return false
}
