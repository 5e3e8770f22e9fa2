package docs

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// While its socket is open, a request starts the app again, for example in the middle of a
// restore.
func TestDeploy_StopsTheSocketToo(t *testing.T) {
	text := strings.Join(strings.Fields(document(t, "deploy.md")), " ")
	stops := regexp.MustCompile(`(?i)\bstop (the app|all nodes|both|a node)\b.{13}`).FindAllString(text, -1)
	require.Greater(t, len(stops), 4)
	for _, stop := range stops {
		require.Contains(t, stop, "both units")
	}
	for _, command := range regexp.MustCompile("systemctl stop [^`]*").FindAllString(text, -1) {
		require.Equal(t, "systemctl stop corral.socket corral.service", command)
	}
}

// systemd expands %d in Environment= only, which a line of EnvironmentFile= overrides.
func TestDeploy_NamesTheKeyInTheUnitAlone(t *testing.T) {
	text := document(t, "deploy.md")
	require.Contains(t, text, "`Environment=TLS_KEY_FILE=%d/key`")
	require.Equal(t, 1, strings.Count(text, "TLS_KEY_FILE"))
}

// Since 1.29.7, nginx keeps connections to upstreams alive unless it is told to close them.
func TestDeploy_NginxKeepsNoConnectionAlive(t *testing.T) {
	_, location, found := strings.Cut(document(t, "deploy.md"), "\n    location / {\n")
	require.True(t, found)
	location, _, _ = strings.Cut(location, "}")
	require.Contains(t, location, "\n        proxy_set_header Connection close;")
}
