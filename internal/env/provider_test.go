package env_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/env"
)

func TestApp_Providers(t *testing.T) {
	one, two := &url.URL{Scheme: "https", Host: "one.example"}, &url.URL{Scheme: "https", Host: "two.example"}
	first := env.Provider{ID: "a", Prefix: "A", Issuer: one, ClientID: "app", ClientSecret: "secret", Name: "One"}
	second := env.Provider{ID: "b2", Prefix: "B_2", Issuer: two, ClientID: "app", ClientSecret: "secret", Name: "two.example"}
	setFirst := []string{"A_ISSUER=https://one.example", "A_CLIENT_ID=app", "A_CLIENT_SECRET=secret", "A_NAME=One"}
	setSecond := []string{"B_2_ISSUER=https://two.example", "B_2_CLIENT_ID=app", "B_2_CLIENT_SECRET=secret"}
	sameIssuer := second
	sameIssuer.Issuer, sameIssuer.Name = one, "one.example"
	for _, test := range []struct {
		environ []string
		set     []env.Provider
		faults  []string
	}{
		{},
		{append(setFirst, setSecond...), []env.Provider{first, second}, nil},
		{setSecond, []env.Provider{second}, nil},
		{append(setFirst, "B_2_CLIENT_ID=app"), []env.Provider{first}, []string{"B_2_ISSUER, B_2_CLIENT_ID and B_2_CLIENT_SECRET go together: set all or none"}},
		{
			append(setFirst, append(setSecond, "B_2_ISSUER=https://one.example")...), []env.Provider{first, sameIssuer},
			[]string{"B_2_ISSUER=https://one.example is A_ISSUER, too: name another provider, or none"},
		},
	} {
		e := app(t, env.Options{}, test.environ...)
		require.Equal(t, test.set, e.Providers("A", "B_2"))
		require.Equal(t, test.faults, faults(e.Vars))
	}
	require.Equal(t, []string{"B_2_ISSUER", "B_2_CLIENT_ID", "B_2_CLIENT_SECRET", "B_2_NAME"}, second.Variables())
}
