package env_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/env"
)

func TestVars_Providers(t *testing.T) {
	one, two := &url.URL{Scheme: "https", Host: "one.example"}, &url.URL{Scheme: "https", Host: "two.example"}
	first := env.Provider{ID: "first", Issuer: one, ClientID: "app", ClientSecret: "secret", Name: "One"}
	second := env.Provider{ID: "second", Issuer: two, ClientID: "app", ClientSecret: "secret"}
	named, sameIssuer := second, second
	named.Name, sameIssuer.Issuer = "two.example", one
	for _, test := range []struct {
		list, set []env.Provider
		faults    []string
	}{
		{list: []env.Provider{{ID: "first"}, {ID: "second"}}},
		{[]env.Provider{first, second}, []env.Provider{first, named}, nil},
		{[]env.Provider{{ID: "first"}, second}, []env.Provider{named}, nil},
		{[]env.Provider{first, {ID: "second", ClientID: "app"}}, []env.Provider{first}, []string{"B_ISSUER, B_CLIENT_ID and B_CLIENT_SECRET go together: set all or none"}},
		{
			[]env.Provider{first, sameIssuer}, []env.Provider{first, {ID: "second", Issuer: one, ClientID: "app", ClientSecret: "secret", Name: "one.example"}},
			[]string{"B_ISSUER=https://one.example is A_ISSUER, too: name another provider, or none"},
		},
	} {
		v := env.New(nil)
		require.Equal(t, test.set, v.Providers([]string{"A", "B"}, test.list...))
		require.Equal(t, test.faults, faults(v))
	}
}
