package config

import (
	"net/url"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	one = vars{"OIDC_ISSUER": "https://accounts.example.com/", "OIDC_CLIENT_ID": "corral", "OIDC_CLIENT_SECRET": "hunter2", "OIDC_NAME": "Example"}
	two = vars{"OIDC_2_ISSUER": "https://sso.example.com/realms/a", "OIDC_2_CLIENT_ID": "corral2", "OIDC_2_CLIENT_SECRET": "hunter3"}
)

func TestProviders(t *testing.T) {
	first := Provider{ID: "oidc", Prefix: "OIDC", Issuer: &url.URL{Scheme: "https", Host: "accounts.example.com", Path: "/"}, ClientID: "corral", ClientSecret: "hunter2", Name: "Example"}
	second := Provider{ID: "oidc2", Prefix: "OIDC_2", Issuer: &url.URL{Scheme: "https", Host: "sso.example.com", Path: "/realms/a"}, ClientID: "corral2", ClientSecret: "hunter3", Name: "sso.example.com"}
	require.Equal(t, []Provider{first}, loaded(t, production.with(one)).Providers)
	require.Equal(t, []Provider{second}, loaded(t, production.with(two)).Providers)
	require.Equal(t, []Provider{first, second}, loaded(t, production.with(one).with(two)).Providers)

	for _, key := range []string{"OIDC_CLIENT_SECRET", "OIDC_2_CLIENT_SECRET"} {
		v := production.with(one).with(two).with(vars{key: "", key + "_FILE": fileWith(t, "hunter4\n")})
		require.Contains(t, []string{loaded(t, v).Providers[0].ClientSecret, loaded(t, v).Providers[1].ClientSecret}, "hunter4", key)
	}
}

func TestProviders_Faults(t *testing.T) {
	const (
		together  = "OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET go together: set all or none"
		together2 = "OIDC_2_ISSUER, OIDC_2_CLIENT_ID and OIDC_2_CLIENT_SECRET go together: set all or none"
	)
	for _, test := range []struct {
		v    vars
		line string
	}{
		{one.with(vars{"OIDC_ISSUER": ""}), together},
		{one.with(vars{"OIDC_CLIENT_ID": ""}), together},
		{one.with(vars{"OIDC_CLIENT_SECRET": ""}), together},
		{vars{"OIDC_NAME": "Example"}, together},
		{one.with(vars{"OIDC_2_ISSUER": "https://sso.example.com"}), together2},
		{two.with(vars{"OIDC_2_CLIENT_SECRET": ""}), together2},
		{one.with(two).with(vars{"OIDC_2_ISSUER": one["OIDC_ISSUER"]}), "OIDC_2_ISSUER=https://accounts.example.com/ is OIDC_ISSUER, too: name another provider, or none"},
		{vars{"OIDC_ISSUER": "accounts.example.com"}, "OIDC_ISSUER=accounts.example.com is not an issuer: write it like https://accounts.example.com, without ? and #"},
		{one.with(vars{"OIDC_ISSUER": "http://accounts.example.com"}), "OIDC_ISSUER=http://accounts.example.com is not https, and anyone on the way could log in as any user: use the https URL"},
		{vars{"OIDC_CLIENT_SECRET_FILE": filepath.Join(t.TempDir(), "none")}, "OIDC_CLIENT_SECRET_FILE names a file that cannot be read (no such file or directory): mend the path or the permissions"},
		{one.with(vars{"OIDC_CLIENT_SECRET_FILE": "hunter2"}), "OIDC_CLIENT_SECRET and OIDC_CLIENT_SECRET_FILE are both set: keep one"},
	} {
		require.Equal(t, []string{test.line}, faults(t, development.with(test.v), t.TempDir()), "%v", test.v)
		require.Equal(t, []string{test.line}, faults(t, production.with(test.v), t.TempDir()), "%v", test.v)
	}
}

// An issuer on this machine may use plain http, except in production.
func TestProviders_Loopback(t *testing.T) {
	v := one.with(vars{"OIDC_ISSUER": "http://localhost:8080"})
	require.Equal(t, "http://localhost:8080", loaded(t, development.with(v)).Providers[0].Issuer.String())
	require.Equal(t, []string{"OIDC_ISSUER=http://localhost:8080 is not https, and anyone on the way could log in as any user: use the https URL"}, faults(t, production.with(v), t.TempDir()))
}

func TestProviders_SecretsAreNotRepeated(t *testing.T) {
	requireNotRepeated(t, vars{"OIDC_CLIENT_SECRET": "hunter2"})
	requireNotRepeated(t, vars{"OIDC_CLIENT_SECRET_FILE": "hunter2"})
	requireNotRepeated(t, vars{"OIDC_ISSUER": "https://ada:hunter2@accounts.example.com"})
}
