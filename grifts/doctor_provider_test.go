package grifts

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/internal/env"
	"corral/internal/oidc/oidctest"
	"corral/internal/task"
)

func TestDoctor_Providers(t *testing.T) {
	t.Setenv("GO_ENV", config.Production)
	issuer := oidctest.New(t)
	provider := func(id, prefix, issuer string) config.Provider {
		u, err := url.Parse(issuer)
		require.NoError(t, err)
		return config.Provider{ID: id, Prefix: prefix, Issuer: u}
	}
	examine := func(p config.Provider, faults ...env.Fault) string {
		all := checks(config.Config{Providers: []config.Provider{p}})
		require.Len(t, all, 11)
		printed, others, found := strings.Cut(printedBy(func() { task.Examine(all[9:], faults) }), "\n")
		require.True(t, found)
		require.Equal(t, "pass  other settings  are understood\n", others)
		return printed
	}
	require.Equal(t, fmt.Sprintf("pass  oidc            %s answers as this issuer", issuer.URL), examine(provider("oidc", "OIDC", issuer.URL)))
	for url, cause := range map[string]string{issuer.URL + "/": "did not match the issuer", "http://127.0.0.1:1": "connection refused"} {
		printed := examine(provider("oidc2", "OIDC_2", url))
		require.Contains(t, printed, "fail  oidc2           "+url+" cannot be used: check OIDC_2_ISSUER, ")
		require.Contains(t, printed, cause)
	}
	require.Equal(t, "fail  oidc            is wrong", examine(provider("oidc", "OIDC", issuer.URL), env.Fault{Key: "OIDC_ISSUER", Line: "is wrong"}))
}
