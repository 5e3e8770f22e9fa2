package env_test

import (
	"errors"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/internal/env"
	"corral/internal/secret"
)

func vars(value string) *env.Vars { return env.New([]string{"X=" + value}) }

func faults(v *env.Vars) (lines []string) {
	for _, fault := range env.Faults(v.Err()) {
		lines = append(lines, fault.Line)
	}
	return lines
}

func fileWith(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestVars_Get(t *testing.T) {
	v := env.New([]string{"PORT= 8080\t", "EMPTY=", "EQUAL=a=b", "nothing", "TWICE=1", "TWICE=2"})
	for key, want := range map[string]string{
		"PORT": "8080", "EMPTY": "fallback", "EQUAL": "a=b", "nothing": "fallback", "NONE": "fallback", "TWICE": "2",
	} {
		require.Equal(t, want, v.Get(key, "fallback"), key)
	}
	v.Set("PORT", "9090")
	require.Equal(t, "9090", v.Get("PORT", ""))
	require.NoError(t, v.Err())
}

func TestVars_FaultIsOneLine(t *testing.T) {
	v := vars("")
	require.NoError(t, v.Err())
	require.Empty(t, env.Faults(v.Err()))
	v.Fault("PORT", "PORT=%s is wrong", "30\n00\x1b[31m")
	v.Fault("HOST", "HOST is missing")
	require.EqualError(t, v.Err(), "PORT=30 00 [31m is wrong\nHOST is missing")
	require.Equal(t, []env.Fault{{Key: "PORT", Line: "PORT=30 00 [31m is wrong"}, {Key: "HOST", Line: "HOST is missing"}}, env.Faults(v.Err()))
	require.True(t, v.Faulty("PORT"))
	require.True(t, v.Faulty("HOST"))
	require.False(t, v.Faulty("ADDR"))
	require.Empty(t, env.Faults(errors.New("of something else")))
}

func TestVars_Secret(t *testing.T) {
	require.Equal(t, "hunter2", vars("hunter2").Secret("X"))
	require.Empty(t, vars("").Secret("X"))
	require.Equal(t, "hunter2", env.New([]string{"X_FILE=" + fileWith(t, "hunter2\n")}).Secret("X"))
}

func TestVars_SecretFaultsQuoteNothing(t *testing.T) {
	for _, test := range []struct {
		environ []string
		line    string
	}{
		{[]string{"X_FILE=" + filepath.Join(t.TempDir(), "hunter2")}, "X_FILE names a file that cannot be read (no such file or directory): mend the path or the permissions"},
		{[]string{"X_FILE=" + fileWith(t, " \n")}, "X_FILE names a file that is empty: write the secret into it"},
		{[]string{"X=hunter2", "X_FILE=" + fileWith(t, "hunter2")}, "X and X_FILE are both set: keep one"},
	} {
		v := env.New(test.environ)
		require.Empty(t, v.Secret("X"))
		require.Equal(t, []string{test.line}, faults(v))
		require.True(t, v.Faulty("X"))
	}
}

func TestVars_AcceptsGoodValues(t *testing.T) {
	strong, other := secret.New(), secret.New()
	for _, test := range []struct {
		value string
		read  func(v *env.Vars) any
		want  any
	}{
		{"", func(v *env.Vars) any { return v.OneOf("X", "open", "closed") }, "open"},
		{"closed", func(v *env.Vars) any { return v.OneOf("X", "open", "closed") }, "closed"},
		{"", func(v *env.Vars) any { return v.Duration("X", time.Minute, 9*time.Hour) }, time.Minute},
		{"8h30m", func(v *env.Vars) any { return v.Duration("X", time.Minute, 9*time.Hour) }, 8*time.Hour + 30*time.Minute},
		{"1s", func(v *env.Vars) any { return v.Duration("X", time.Minute, 9*time.Hour) }, time.Second},
		{"", func(v *env.Vars) any { return v.Int("X", 15, 8, 64) }, 15},
		{"8", func(v *env.Vars) any { return v.Int("X", 15, 8, 64) }, 8},
		{"64", func(v *env.Vars) any { return v.Int("X", 15, 8, 64) }, 64},
		{"", func(v *env.Vars) any { return v.Port("X", "3000") }, "3000"},
		{"1", func(v *env.Vars) any { return v.Port("X", "3000") }, "1"},
		{"65535", func(v *env.Vars) any { return v.Port("X", "3000") }, "65535"},
		{"", func(v *env.Vars) any { return v.Addr("X", "127.0.0.1") }, "127.0.0.1"},
		{"192.0.2.7", func(v *env.Vars) any { return v.Addr("X", "") }, "192.0.2.7"},
		{"localhost", func(v *env.Vars) any { return v.Addr("X", "") }, "localhost"},
		{"::1", func(v *env.Vars) any { return v.Addr("X", "") }, "::1"},
		{"[::1]", func(v *env.Vars) any { return v.Addr("X", "") }, "::1"},
		{"fe80::1%eth0", func(v *env.Vars) any { return v.Addr("X", "") }, "fe80::1%eth0"},
		{"", func(v *env.Vars) any { return v.PublicURL("X") }, (*url.URL)(nil)},
		{"https://Login.Example.com/", func(v *env.Vars) any { return v.PublicURL("X").String() }, "https://login.example.com"},
		{"http://[2001:db8::7]:8080", func(v *env.Vars) any { return v.PublicURL("X").String() }, "http://[2001:db8::7]:8080"},
		{"https://xn--bcher-kva.example:8443", func(v *env.Vars) any { return v.PublicURL("X").String() }, "https://xn--bcher-kva.example:8443"},
		{"http://my_app", func(v *env.Vars) any { return v.PublicURL("X").String() }, "http://my_app"},
		{"", func(v *env.Vars) any { return v.Issuer("X", false) }, (*url.URL)(nil)},
		{"https://accounts.example.com", func(v *env.Vars) any { return v.Issuer("X", false).String() }, "https://accounts.example.com"},
		{"https://accounts.example.com:8443/realms/A%20b/", func(v *env.Vars) any { return v.Issuer("X", false).String() }, "https://accounts.example.com:8443/realms/A%20b/"},
		{"http://localhost:8080/realms/a", func(v *env.Vars) any { return v.Issuer("X", true).String() }, "http://localhost:8080/realms/a"},
		{"http://127.0.0.2", func(v *env.Vars) any { return v.Issuer("X", true).String() }, "http://127.0.0.2"},
		{"http://[::1]:8080", func(v *env.Vars) any { return v.Issuer("X", true).String() }, "http://[::1]:8080"},
		{"", func(v *env.Vars) any { return v.Database("X", "sqlite3://fallback") }, "sqlite3://fallback"},
		{"sqlite3:///var/lib/app.sqlite", func(v *env.Vars) any { return v.Database("X", "") }, "sqlite3:///var/lib/app.sqlite"},
		{"postgres://ada:hunter2@db/app", func(v *env.Vars) any { return v.Database("X", "") }, "postgres://ada:hunter2@db/app"},
		{"", func(v *env.Vars) any { return v.MailFrom("X", "App", "example.com").String() }, `"App" <no-reply@example.com>`},
		{"", func(v *env.Vars) any { return v.MailFrom("X", "App", "2001:db8::7").String() }, `"App" <no-reply@localhost>`},
		{"Ada <ada@example.com>", func(v *env.Vars) any { return v.MailFrom("X", "App", "example.com").String() }, `"Ada" <ada@example.com>`},
		{"", func(v *env.Vars) any { return v.Secrets("X", "mend it") }, []string(nil)},
		{strong + " , " + other + "\n\n" + strong, func(v *env.Vars) any { return v.Secrets("X", "mend it") }, []string{strong, other, strong}},
		{"", func(v *env.Vars) any { return v.MailServer("X") }, (*url.URL)(nil)},
		{"smtps://mail.example.com", func(v *env.Vars) any { return v.MailServer("X").String() }, "smtps://mail.example.com"},
		{"smtp://ada:hunter2@mail.example.com:587", func(v *env.Vars) any { return v.MailServer("X").String() }, "smtp://ada:hunter2@mail.example.com:587"},
		{"", func(v *env.Vars) any { return v.Prefixes("X") }, []netip.Prefix(nil)},
		{" , ", func(v *env.Vars) any { return v.Prefixes("X") }, []netip.Prefix(nil)},
		{"10.1.2.3/8, 192.0.2.7 2001:db8::/32", func(v *env.Vars) any { return v.Prefixes("X") },
			[]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.7/32"), netip.MustParsePrefix("2001:db8::/32")}},
		{"", func(v *env.Vars) any { return v.LogLevel("X") }, slog.LevelInfo},
		{"debug", func(v *env.Vars) any { return v.LogLevel("X") }, slog.LevelDebug},
	} {
		v := vars(test.value)
		require.Equal(t, test.want, test.read(v), test.value)
		require.NoError(t, v.Err(), test.value)
	}
}
