package process

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
)

func TestTask_Routes_PrintsGuards(t *testing.T) {
	p := command(t, t.TempDir(), nil, "task", "routes")
	require.NoError(t, p.Run(), p.Err.String())
	require.Regexp(t, `GET +/ +user +corral/actions.HomeShow`, p.Out.String())
	require.Regexp(t, `DELETE +/logout +public`, p.Out.String())
	require.Regexp(t, `GET +/dev/mail +local`, p.Out.String())
	require.NotContains(t, p.Out.String(), "not in the table")
}

func TestGuards_EveryRouteDeclaresOne(t *testing.T) {
	p := command(t, t.TempDir(), binary.Production(), "task", "routes")
	require.NoError(t, p.Run(), p.Err.String())
	_, routes, _ := strings.Cut(p.Out.String(), "\n") // without the header
	require.Greater(t, strings.Count(routes, "\n"), 30)
	for line := range strings.Lines(routes) {
		require.Regexp(t, `^(GET|OPTIONS|POST|PUT|PATCH|DELETE) +/\S* +(public|guest|user|sudo) +corral/actions\.[A-Z]\w+\n$`, line)
	}
}
