package config

import (
	"log/slog"
	"maps"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/internal/env"
)

const (
	goodSecret  = "3f1d0a9c5b7e4826a1c3e5f708192b4d"
	otherSecret = "b4d29180f7e5c3a16284e7b5c9a0d1f3"
)

type vars map[string]string

func (v vars) with(changes vars) vars {
	all := maps.Clone(v)
	maps.Copy(all, changes)
	return all
}

func (v vars) environ() []string {
	var list []string
	for key, value := range v {
		list = append(list, key+"="+value)
	}
	return list
}

// development and production are minimal environments.
var (
	development = vars{}
	production  = vars{
		"GO_ENV":          "production",
		"HOST":            "https://login.example.com",
		"SESSION_SECRET":  goodSecret,
		"SMTP_URL":        "smtp://corral:hunter2@mail.example.com:587",
		"TRUSTED_PROXIES": "10.0.0.0/8",
	}
)

// loaded loads the configuration as outside of go test.
func loaded(t *testing.T, v vars) Config {
	t.Helper()
	c, err := load(v.environ(), env.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	return c
}

func faults(t *testing.T, v vars, dir string) []string {
	t.Helper()
	_, err := load(v.environ(), env.Options{Dir: dir})
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

func fileWith(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestLoad_Defaults(t *testing.T) {
	dir := t.TempDir()
	c, err := load(nil, env.Options{Dir: dir})
	require.NoError(t, err)
	require.Len(t, c.SessionSecrets, 1)
	require.NotNil(t, c.MailFrom)
	require.Equal(t, `"Corral" <no-reply@localhost>`, c.MailFrom.String())
	c.SessionSecrets, c.MailFrom = nil, nil
	require.Equal(t, Config{
		Env:              Development,
		Addr:             "127.0.0.1:3000",
		Host:             &url.URL{Scheme: "http", Host: "localhost:3000"},
		DatabaseURL:      "sqlite3://" + filepath.Join(dir, "storage", "development.sqlite"),
		SessionIdle:      30 * time.Minute,
		SessionLifetime:  12 * time.Hour,
		RememberLifetime: 720 * time.Hour,
		PasswordMin:      15,
		SignupOpen:       true,
		MailsPerClient:   10,
		LogLevel:         slog.LevelInfo,
	}, c)
	require.True(t, c.Development())
	require.False(t, c.Production())
	require.Empty(t, c.TLSCertFile)
}

func TestLoad_DefaultsInProduction(t *testing.T) {
	c := loaded(t, production)
	require.Equal(t, "0.0.0.0:3000", c.Addr)
	require.Equal(t, "https://login.example.com", c.Host.String())
	require.Equal(t, `"Corral" <no-reply@login.example.com>`, c.MailFrom.String())
	require.Equal(t, "production.sqlite", filepath.Base(c.DatabaseURL))
	require.Equal(t, []string{goodSecret}, c.SessionSecrets)
	require.True(t, c.Production())
	require.False(t, c.Development())
}

// Package env tests which values a variable accepts.
func TestLoad_Variables(t *testing.T) {
	for _, test := range []struct {
		key, value string
		got        func(Config) any
		want       any
	}{
		{"ADDR", "192.0.2.7", func(c Config) any { return c.Addr }, "192.0.2.7:3000"},
		{"ADDR", "localhost", func(c Config) any { return c.Addr }, "localhost:3000"},
		{"ADDR", "::1", func(c Config) any { return c.Addr }, "[::1]:3000"},
		{"ADDR", "[::1]", func(c Config) any { return c.Addr }, "[::1]:3000"},
		{"ADDR", "fe80::1%eth0", func(c Config) any { return c.Addr }, "[fe80::1%eth0]:3000"},
		{"ADDR", "::1", func(c Config) any { return c.Host.String() }, "http://[::1]:3000"},
		{"ADDR", "192.0.2.7", func(c Config) any { return c.Host.String() }, "http://192.0.2.7:3000"},
		{"ADDR", "0.0.0.0", func(c Config) any { return c.Host.String() }, "http://localhost:3000"},
		{"ADDR", "::", func(c Config) any { return c.Host.String() }, "http://localhost:3000"},
		{"PORT", "8080", func(c Config) any { return c.Addr }, "127.0.0.1:8080"},
		{"PORT", "8080", func(c Config) any { return c.Host.String() }, "http://localhost:8080"},
		{"HOST", "http://[2001:db8::7]:8080", func(c Config) any { return c.Host.String() }, "http://[2001:db8::7]:8080"},
		{"HOST", "http://[2001:db8::7]", func(c Config) any { return c.MailFrom.Address }, "no-reply@localhost"},
		{"DATABASE_URL", "sqlite3:///var/lib/corral/corral.sqlite", func(c Config) any { return c.DatabaseURL }, "sqlite3:///var/lib/corral/corral.sqlite"},
		{"DATABASE_URL", "sqlite://corral.sqlite", func(c Config) any { return c.DatabaseURL }, "sqlite://corral.sqlite"},
		{"DATABASE_URL", "postgres://corral:hunter2@db/corral", func(c Config) any { return c.DatabaseURL }, "postgres://corral:hunter2@db/corral"},
		{"DATABASE_URL", "postgresql:///corral?host=/run/postgresql", func(c Config) any { return c.DatabaseURL }, "postgresql:///corral?host=/run/postgresql"},
		{"SESSION_SECRET", goodSecret, func(c Config) any { return c.SessionSecrets }, []string{goodSecret}},
		{"SESSION_SECRET", otherSecret + " , " + goodSecret, func(c Config) any { return c.SessionSecrets }, []string{otherSecret, goodSecret}},
		{"SESSION_IDLE", "45m", func(c Config) any { return c.SessionIdle }, 45 * time.Minute},
		{"SESSION_LIFETIME", "8h30m", func(c Config) any { return c.SessionLifetime }, 8*time.Hour + 30*time.Minute},
		{"REMEMBER_LIFETIME", "1s", func(c Config) any { return c.RememberLifetime }, time.Second},
		{"REMEMBER_LIFETIME", "9600h", func(c Config) any { return c.RememberLifetime }, 400 * 24 * time.Hour},
		{"HSTS", "host", func(c Config) any { return c.HSTSSubdomains }, false},
		{"HSTS", "subdomains", func(c Config) any { return c.HSTSSubdomains }, true},
		{"PASSWORD_MIN", "8", func(c Config) any { return c.PasswordMin }, 8},
		{"PASSWORD_MIN", "64", func(c Config) any { return c.PasswordMin }, 64},
		{"MAILS_PER_CLIENT", "1", func(c Config) any { return c.MailsPerClient }, 1},
		{"MAILS_PER_CLIENT", "100000", func(c Config) any { return c.MailsPerClient }, 100_000},
		{"SIGNUP", "closed", func(c Config) any { return c.SignupOpen }, false},
		{"SIGNUP", "open", func(c Config) any { return c.SignupOpen }, true},
		{"SECOND_FACTOR", "optional", func(c Config) any { return c.SecondStepRequired }, false},
		{"SECOND_FACTOR", "required", func(c Config) any { return c.SecondStepRequired }, true},
		{"TRUSTED_PROXIES", "10.1.2.3/8, 192.0.2.7", func(c Config) any { return c.TrustedProxies },
			[]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.7/32")}},
		{"SMTP_URL", "smtps://mail.example.com", func(c Config) any { return c.SMTP.String() }, "smtps://mail.example.com"},
		{"MAIL_FROM", "Ada's app <ada@example.com>", func(c Config) any { return c.MailFrom.String() }, `"Ada's app" <ada@example.com>`},
		{"LOG_LEVEL", "debug", func(c Config) any { return c.LogLevel }, slog.LevelDebug},
		{"GO_ENV", "development", func(c Config) any { return c.Env }, Development},
		{"GO_ENV", "", func(c Config) any { return c.Env }, Development},
	} {
		t.Run(test.key+"="+test.value, func(t *testing.T) {
			require.Equal(t, test.want, test.got(loaded(t, vars{test.key: test.value})))
		})
	}
}

func TestLoad_UnderGoTest(t *testing.T) {
	dir := t.TempDir()
	c, err := Load(vars{"DATABASE_URL": "postgres://corral@db/people"}.environ(), dir)
	require.NoError(t, err)
	require.Equal(t, Test, c.Env)
	require.Empty(t, c.DatabaseURL, "the database of DATABASE_URL may have real users")
	require.Len(t, c.SessionSecrets, 1)
	require.NoDirExists(t, filepath.Join(dir, "storage"), "tests write no secret")

	c, err = Load(vars{"TEST_DATABASE_URL": "postgres://corral@db/test", "DATABASE_URL": "postgres://corral@db/people"}.environ(), dir)
	require.NoError(t, err)
	require.Equal(t, "postgres://corral@db/test", c.DatabaseURL)

	_, err = Load(vars{"TEST_DATABASE_URL": "sqlite3://test.sqlite"}.environ(), dir)
	require.EqualError(t, err, "TEST_DATABASE_URL is not postgres://user:password@host/name: leave it out to test on SQLite")
}

// LISTEN_PID names the process for which systemd opened sockets. lab/process passes real
// sockets.
func TestLoad_Sockets(t *testing.T) {
	require.Empty(t, loaded(t, vars{"LISTEN_PID": "1", "LISTEN_FDS": "1"}).Sockets)
	mine := strconv.Itoa(os.Getpid())
	require.Empty(t, loaded(t, vars{"LISTEN_PID": mine, "LISTEN_FDS": "0"}).Sockets)
	for _, n := range []string{"-1", "x", "999"} {
		require.Equal(t, []string{"LISTEN_FDS=" + n + " is not a number of sockets: leave it to systemd"}, faults(t, vars{"LISTEN_PID": mine, "LISTEN_FDS": n}, t.TempDir()))
	}
}

// Tasks get neither the sockets nor the certificate of the server's systemd unit.
func TestProduction_TasksNeedNoTLS(t *testing.T) {
	for _, changes := range []vars{{"TRUSTED_PROXIES": ""}, {"TRUSTED_PROXIES": "", "TLS_CERT_FILE": "cert.pem"}} {
		v := production.with(changes)
		require.Len(t, faults(t, v, t.TempDir()), 1)
		_, err := load(v.environ(), env.Options{Dir: t.TempDir(), Task: true})
		require.NoError(t, err)
	}
}
