package env_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/env"
)

func app(t *testing.T, o env.Options, environ ...string) *env.App {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	return env.NewApp(environ, o)
}

func TestApp_Env(t *testing.T) {
	require.Equal(t, env.Development, app(t, env.Options{}).Env())
	require.Equal(t, env.Test, app(t, env.Options{Testing: true}).Env())
	a := app(t, env.Options{}, "GO_ENV=production")
	require.Equal(t, env.Production, a.Env())
	require.True(t, a.Production())
	require.NoError(t, a.Err())
	require.Equal(t, []string{"GO_ENV=test is for go test only: use development or production"}, faults(app(t, env.Options{}, "GO_ENV=test").Vars))
}

func TestRequireEnv(t *testing.T) {
	require.NoError(t, env.RequireEnv(env.Development))
	for _, missing := range []string{"", " \r"} {
		require.EqualError(t, env.RequireEnv(missing), "GO_ENV is missing, so the app runs in development: set it to production")
	}
}

func TestApp_Dotenv(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".env"), []byte("PORT=8080\n"), 0o600))
	require.Equal(t, "8080", app(t, env.Options{Dir: dir}, "PORT=9090").Get("PORT", ""))
	require.Empty(t, app(t, env.Options{Dir: dir, Testing: true}).Get("PORT", ""))
	a := app(t, env.Options{Dir: dir}, "GO_ENV=production", "DATABASE_URL=sqlite3://"+filepath.Join(t.TempDir(), "x.sqlite"))
	require.Empty(t, a.Get("PORT", ""))
	a.CheckProduction(a.DatabaseURL())
	require.Equal(t, []string{"there is a .env file beside the app: its values would replace the real environment; remove it"}, faults(a.Vars))
}

func TestApp_Endpoint(t *testing.T) {
	for _, test := range []struct {
		environ           []string
		listen, publicURL string
		faults            []string
	}{
		{listen: "127.0.0.1:3000", publicURL: "http://localhost:3000"},
		{environ: []string{"PORT=80", "ADDR=192.0.2.7"}, listen: "192.0.2.7:80", publicURL: "http://192.0.2.7:80"},
		{environ: []string{"TLS_CERT_FILE=cert.pem"}, listen: "127.0.0.1:3000", publicURL: "https://localhost:3000"},
		{environ: []string{"ADDR=::"}, listen: "[::]:3000", publicURL: "http://localhost:3000"},
		{environ: []string{"GO_ENV=production", "HOST=https://login.example.com"}, listen: "0.0.0.0:3000", publicURL: "https://login.example.com"},
		{
			environ: []string{"GO_ENV=production"}, listen: "0.0.0.0:3000", publicURL: "http://localhost:3000",
			faults: []string{"HOST is missing: set it to the public URL, like https://login.example.com"},
		},
		{
			environ: []string{"GO_ENV=production", "HOST=http://a.example"}, listen: "0.0.0.0:3000", publicURL: "http://a.example",
			faults: []string{"HOST=http://a.example is not https, and a password must not cross the network in the clear: use the https URL"},
		},
	} {
		a := app(t, env.Options{}, test.environ...)
		listen, publicURL := a.Endpoint()
		require.Equal(t, test.listen, listen)
		require.Equal(t, test.publicURL, publicURL.String())
		require.Equal(t, test.faults, faults(a.Vars))
	}
}

func TestApp_DatabaseURL(t *testing.T) {
	dir := t.TempDir()
	require.Equal(t, "sqlite3://"+filepath.Join(dir, "storage", "development.sqlite"), app(t, env.Options{Dir: dir}).DatabaseURL())
	real := "DATABASE_URL=postgres://app@db/people"
	require.Equal(t, "postgres://app@db/people", app(t, env.Options{}, real).DatabaseURL())
	require.Empty(t, app(t, env.Options{Testing: true}, real).DatabaseURL(), "tests empty every table")
	require.Equal(t, "postgres://app@db/test", app(t, env.Options{Testing: true}, real, "TEST_DATABASE_URL=postgres://app@db/test").DatabaseURL())
}

func TestApp_KeyPair(t *testing.T) {
	for task, want := range map[bool]int{false: 1, true: 0} {
		a := app(t, env.Options{Task: task}, "TLS_CERT_FILE=cert.pem")
		a.KeyPair("TLS_CERT_FILE", "TLS_KEY_FILE")
		require.Len(t, faults(a.Vars), want)
	}
}

func TestApp_SessionSecrets(t *testing.T) {
	dir := t.TempDir()
	require.Len(t, app(t, env.Options{Dir: dir, Testing: true}).SessionSecrets(""), 1)
	require.Len(t, app(t, env.Options{Dir: dir, Task: true}).SessionSecrets(""), 1)
	require.NoDirExists(t, filepath.Join(dir, "storage"))
	secrets := app(t, env.Options{Dir: dir}).SessionSecrets("")
	require.Equal(t, secrets, app(t, env.Options{Dir: dir}).SessionSecrets(""))
	a := app(t, env.Options{}, "GO_ENV=production")
	require.Empty(t, a.SessionSecrets("make one"))
	require.Equal(t, []string{"SESSION_SECRET is missing: make one"}, faults(a.Vars))
}
