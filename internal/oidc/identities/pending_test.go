package identities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/oidc"
	"corral/internal/oidc/identities"
	"corral/internal/secret"
)

func TestPending_RawIsParsed(t *testing.T) {
	identity := oidc.Identity{Issuer: "https://accounts.example/a", Subject: `a "b"  \ c `, Email: "r&d@example.com"}
	p := &identities.Pending{Identity: identity, TokenDigest: secret.TokenDigest("token")}
	require.Equal(t, p, identities.ParsePending(p.Raw()))
	require.True(t, identities.ParsePending(p.Raw()).IsFor("token"))
	require.False(t, p.IsFor("another"))
	require.False(t, (*identities.Pending)(nil).IsFor("token"))
	for _, other := range []string{"", "x", "a b c", `{"issuer":"x"}`} {
		require.Equal(t, &identities.Pending{}, identities.ParsePending(other))
		require.False(t, identities.ParsePending(other).IsFor(""))
	}
}
