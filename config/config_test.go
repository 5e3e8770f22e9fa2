package config

import (
	"log/slog"
	"maps"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	goodSecret  = "3f1d0a9c5b7e4826a1c3e5f708192b4d"
	otherSecret = "b4d29180f7e5c3a16284e7b5c9a0d1f3"
)

type vars map[string]string

// with returns the variables and those of others, which win.
func (v vars) with(others vars) vars {
	all := maps.Clone(v)
	maps.Copy(all, others)
	return all
}

func (v vars) environ() []string {
	var list []string
	for key, value := range v {
		list = append(list, key+"="+value)
	}
	return list
}

// development and production are the least that either starts with.
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

// started reads the variables as a process does that is not a test.
func started(t *testing.T, v vars) Config {
	t.Helper()
	c, err := load(v.environ(), t.TempDir(), false)
	require.NoError(t, err)
	return c
}

// faults are the lines that a process prints that does not start.
func faults(t *testing.T, v vars, dir string) []string {
	t.Helper()
	_, err := load(v.environ(), dir, false)
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

// written returns the path of a new file.
func written(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestDefaults(t *testing.T) {
	dir := t.TempDir()
	c, err := load(nil, dir, false)
	require.NoError(t, err)
	require.Len(t, c.SessionSecrets, 1)
	require.NotNil(t, c.MailFrom)
	require.Equal(t, `"Corral" <no-reply@127.0.0.1>`, c.MailFrom.String())
	c.SessionSecrets, c.MailFrom = nil, nil
	require.Equal(t, Config{
		Env:              Development,
		Addr:             "127.0.0.1:3000",
		Host:             &url.URL{Scheme: "http", Host: "127.0.0.1:3000"},
		DatabaseURL:      "sqlite3://" + filepath.Join(dir, "storage", "development.sqlite"),
		SessionIdle:      30 * time.Minute,
		SessionLifetime:  12 * time.Hour,
		RememberLifetime: 720 * time.Hour,
		PasswordMin:      15,
		SignupOpen:       true,
		LogLevel:         slog.LevelInfo,
	}, c)
	require.True(t, c.Development())
	require.False(t, c.Production())
	require.False(t, c.TLS())
}

func TestDefaultsInProduction(t *testing.T) {
	c := started(t, production)
	require.Equal(t, "0.0.0.0:3000", c.Addr)
	require.Equal(t, "https://login.example.com", c.Host.String())
	require.Equal(t, `"Corral" <no-reply@login.example.com>`, c.MailFrom.String())
	require.Equal(t, "production.sqlite", filepath.Base(c.DatabaseURL))
	require.Equal(t, []string{goodSecret}, c.SessionSecrets)
	require.True(t, c.Production())
	require.False(t, c.Development())
}

func TestVariables(t *testing.T) {
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
		{"PORT", "8080", func(c Config) any { return c.Addr }, "127.0.0.1:8080"},
		{"PORT", "8080", func(c Config) any { return c.Host.String() }, "http://127.0.0.1:8080"},
		{"PORT", " 8080\t", func(c Config) any { return c.Addr }, "127.0.0.1:8080"},
		{"PORT", "65535", func(c Config) any { return c.Addr }, "127.0.0.1:65535"},
		{"HOST", "https://Login.Example.com/", func(c Config) any { return c.Host.String() }, "https://login.example.com"},
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
		{"PASSWORD_MIN", "8", func(c Config) any { return c.PasswordMin }, 8},
		{"PASSWORD_MIN", "64", func(c Config) any { return c.PasswordMin }, 64},
		{"SIGNUP", "closed", func(c Config) any { return c.SignupOpen }, false},
		{"SIGNUP", "open", func(c Config) any { return c.SignupOpen }, true},
		{
			"TRUSTED_PROXIES", "10.1.2.3/8, 192.0.2.7 2001:db8::/32", func(c Config) any { return c.TrustedProxies },
			[]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.7/32"), netip.MustParsePrefix("2001:db8::/32")},
		},
		{"SMTP_URL", "smtps://mail.example.com", func(c Config) any { return c.SMTP.String() }, "smtps://mail.example.com"},
		{"MAIL_FROM", "Ada's app <ada@example.com>", func(c Config) any { return c.MailFrom.String() }, `"Ada's app" <ada@example.com>`},
		{"LOG_LEVEL", "debug", func(c Config) any { return c.LogLevel }, slog.LevelDebug},
		{"GO_ENV", "development", func(c Config) any { return c.Env }, Development},
		{"GO_ENV", "", func(c Config) any { return c.Env }, Development},
	} {
		t.Run(test.key+"="+test.value, func(t *testing.T) {
			require.Equal(t, test.want, test.got(started(t, vars{test.key: test.value})))
		})
	}
}

// Each fault is one plain line, and one cause is one fault.
func TestFaults(t *testing.T) {
	const (
		origin   = "HOST is not an origin: write it like https://login.example.com"
		database = "DATABASE_URL is neither sqlite3://path nor postgres://user:password@host/name"
		mailer   = "SMTP_URL is not a mail server: write it like smtp://user:password@mail.example.com:587"
		remedy   = ": set it to the output of `corral task secret`"
	)
	for _, test := range []struct{ key, value, line string }{
		{"GO_ENV", "staging", "GO_ENV=staging is unknown: use development, test, production"},
		{"GO_ENV", "Production", "GO_ENV=Production is unknown: use development, test, production"},
		{"GO_ENV", "test", "GO_ENV=test is for go test only: use development or production"},
		{"ADDR", "127.0.0.1:3000", "ADDR=127.0.0.1:3000 is not an address: write it like 127.0.0.1 or ::1, the port goes into PORT"},
		{"ADDR", "http://localhost", "ADDR=http://localhost is not an address: write it like 127.0.0.1 or ::1, the port goes into PORT"},
		{"PORT", "http", "PORT=http is not a port: use a number from 1 to 65535"},
		{"PORT", "0", "PORT=0 is not a port: use a number from 1 to 65535"},
		{"PORT", "65536", "PORT=65536 is not a port: use a number from 1 to 65535"},
		{"PORT", "30\n00", "PORT=30 00 is not a port: use a number from 1 to 65535"},
		{"HOST", "login.example.com", origin},
		{"HOST", "ftp://login.example.com", origin},
		{"HOST", "https://", origin},
		{"HOST", "https://:3000", origin},
		{"HOST", "https://login.example.com:65536", origin},
		{"HOST", "https://login.example.com/app", origin},
		{"HOST", "https://login.example.com?x", origin},
		{"HOST", "https://login.example.com#x", origin},
		{"HOST", "https://ada@login.example.com", origin},
		{"HOST", "https://login example.com", origin},
		{"DATABASE_URL", "mysql://corral:hunter2@db/corral", database},
		{"DATABASE_URL", "storage/corral.sqlite", database},
		{"DATABASE_URL", "sqlite3://", database},
		{"DATABASE_URL", "postgres://", database},
		{"DATABASE_URL", "postgres://corral:hunter2%zz@db/corral", database},
		{"SESSION_SECRET", goodSecret[1:], "SESSION_SECRET, value 1, is shorter than 32 bytes" + remedy},
		{"SESSION_SECRET", goodSecret + ",", "SESSION_SECRET, value 2, is shorter than 32 bytes" + remedy},
		{"SESSION_SECRET", strings.Repeat("abc", 20), "SESSION_SECRET, value 1, can be guessed" + remedy},
		{"SESSION_SECRET", strings.Repeat("buffalo-secret", 4), "SESSION_SECRET, value 1, is an example" + remedy},
		{"SESSION_SECRET", goodSecret + ",replace-this-by-the-output-of-task-secret", "SESSION_SECRET, value 2, is an example" + remedy},
		{"SESSION_IDLE", "30", "SESSION_IDLE=30 is not a time span of at least a second: write it like 30m or 12h"},
		{"SESSION_LIFETIME", "-12h", "SESSION_LIFETIME=-12h is not a time span of at least a second: write it like 30m or 12h"},
		{"REMEMBER_LIFETIME", "30d", "REMEMBER_LIFETIME=30d is not a time span of at least a second: write it like 30m or 12h"},
		{"REMEMBER_LIFETIME", "999ms", "REMEMBER_LIFETIME=999ms is not a time span of at least a second: write it like 30m or 12h"},
		{"PASSWORD_MIN", "7", "PASSWORD_MIN=7: use a number from 8 to 64"},
		{"PASSWORD_MIN", "65", "PASSWORD_MIN=65: use a number from 8 to 64"},
		{"PASSWORD_MIN", "many", "PASSWORD_MIN=many: use a number from 8 to 64"},
		{"SIGNUP", "yes", "SIGNUP=yes is unknown: use open, closed"},
		{"TRUSTED_PROXIES", "10.0.0.0/8,proxy", "TRUSTED_PROXIES: proxy is not a network: write it like 10.0.0.0/8"},
		{"TRUSTED_PROXIES", "10.0.0.0/33", "TRUSTED_PROXIES: 10.0.0.0/33 is not a network: write it like 10.0.0.0/8"},
		{"TRUSTED_PROXIES", "::ffff:10.0.0.0/104", "TRUSTED_PROXIES: ::ffff:10.0.0.0/104 is not a network: write it like 10.0.0.0/8"},
		{"TLS_CERT_FILE", "cert.pem", "TLS_CERT_FILE and TLS_KEY_FILE go together: set both or neither"},
		{"TLS_KEY_FILE", "key.pem", "TLS_CERT_FILE and TLS_KEY_FILE go together: set both or neither"},
		{"SMTP_URL", "mail.example.com", mailer},
		{"SMTP_URL", "https://corral:hunter2@mail.example.com", mailer},
		{"SMTP_URL", "smtp://corral:hunter2@", mailer},
		{"SMTP_URL", "smtp://corral:hunter2@mail.example.com:70000", mailer},
		{"SMTP_URL", "smtp://corral:hunter2%zz@mail.example.com", mailer},
		{"MAIL_FROM", "nobody", "MAIL_FROM=nobody is not an address: write it like Corral <login@example.com>"},
		{"LOG_LEVEL", "loud", "LOG_LEVEL=loud is unknown: use debug, info, warn or error"},
	} {
		t.Run(test.key+"="+test.value, func(t *testing.T) {
			require.Equal(t, []string{test.line}, faults(t, development.with(vars{test.key: test.value}), t.TempDir()))
			// In production, where more can be wrong, it is still one line.
			require.Equal(t, []string{test.line}, faults(t, production.with(vars{test.key: test.value}), t.TempDir()))
		})
	}
}

func TestFaults_AllAtOnce(t *testing.T) {
	require.ElementsMatch(t, []string{
		"PORT=http is not a port: use a number from 1 to 65535",
		"SESSION_IDLE=soon is not a time span of at least a second: write it like 30m or 12h",
		"SIGNUP=yes is unknown: use open, closed",
		"TRUSTED_PROXIES: one is not a network: write it like 10.0.0.0/8",
		"TRUSTED_PROXIES: two is not a network: write it like 10.0.0.0/8",
		"SESSION_SECRET, value 1, is shorter than 32 bytes: set it to the output of `corral task secret`",
		"SESSION_SECRET, value 2, can be guessed: set it to the output of `corral task secret`",
		"LOG_LEVEL=loud is unknown: use debug, info, warn or error",
	}, faults(t, vars{
		"PORT":            "http",
		"SESSION_IDLE":    "soon",
		"SIGNUP":          "yes",
		"TRUSTED_PROXIES": "one, two",
		"SESSION_SECRET":  "short," + strings.Repeat("x", 32),
		"LOG_LEVEL":       "loud",
	}, t.TempDir()))
}

func TestProductionRefuses(t *testing.T) {
	const noTLS = "nothing ends TLS: set TRUSTED_PROXIES to the proxy's network, or TLS_CERT_FILE and TLS_KEY_FILE"
	for name, test := range map[string]struct {
		changes vars
		line    string
	}{
		"no secret":                {vars{"SESSION_SECRET": ""}, "SESSION_SECRET is missing: set it to the output of `corral task secret`"},
		"no host":                  {vars{"HOST": ""}, "HOST is missing: set it to the public origin, like https://login.example.com"},
		"http host":                {vars{"HOST": "http://login.example.com"}, "HOST=http://login.example.com is not https: a password must not cross the network in the clear"},
		"no mail server":           {vars{"SMTP_URL": ""}, "SMTP_URL is missing: people could not reset a password"},
		"no proxy, no certificate": {vars{"TRUSTED_PROXIES": ""}, noTLS},
		"half a certificate":       {vars{"TRUSTED_PROXIES": "", "TLS_KEY_FILE": "key.pem"}, "TLS_CERT_FILE and TLS_KEY_FILE go together: set both or neither"},
		"an empty list of proxies": {vars{"TRUSTED_PROXIES": " , "}, noTLS},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, []string{test.line}, faults(t, production.with(test.changes), t.TempDir()))
		})
	}
}

func TestProductionRefuses_Everything(t *testing.T) {
	require.Len(t, faults(t, vars{"GO_ENV": "production"}, t.TempDir()), 4) // secret, host, TLS, mail
}

func TestProductionRefuses_Dotenv(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".env"), []byte("LOG_LEVEL=debug\n"), 0o600))
	const line = "a .env file lies beside the app: its values would replace the real environment; remove it"
	require.Equal(t, []string{line}, faults(t, production, dir))
}

func TestProductionMakesNoSecret(t *testing.T) {
	for _, name := range []string{"production", "test", "staging"} {
		dir := t.TempDir()
		require.NotEmpty(t, faults(t, vars{"GO_ENV": name}, dir))
		require.NoDirExists(t, filepath.Join(dir, "storage"), name)
	}
}

func TestSecretsAreNotRepeated(t *testing.T) {
	const secret = "hunter2"
	for _, v := range []vars{
		{"SMTP_URL": "smpt://corral:hunter2@mail.example.com"},
		{"SMTP_URL": "smtp://corral:hunter2%@mail.example.com"},
		{"SMTP_URL_FILE": "smtp://corral:hunter2@mail.example.com"},
		{"DATABASE_URL": "mysql://corral:hunter2@db/corral"},
		{"DATABASE_URL": "postgres://corral:hunter2%@db/corral"},
		{"DATABASE_URL_FILE": "postgres://corral:hunter2@db/corral"},
		{"SESSION_SECRET": "hunter2"},
		{"SESSION_SECRET_FILE": "hunter2"},
		{"SESSION_SECRET": "hunter2", "SESSION_SECRET_FILE": "hunter2"},
	} {
		lines := faults(t, v, t.TempDir())
		require.Len(t, lines, 1, "%v", v)
		require.NotContains(t, lines[0], secret)
	}
}

func TestSecretFiles(t *testing.T) {
	without := production.with(vars{"SESSION_SECRET": "", "SMTP_URL": ""})
	c := started(t, without.with(vars{
		"SESSION_SECRET_FILE": written(t, goodSecret+","+otherSecret+"\n"),
		"SMTP_URL_FILE":       written(t, "smtps://corral:hunter2@mail.example.com\n"),
		"DATABASE_URL_FILE":   written(t, "postgres://corral:hunter2@db/corral\n"),
	}))
	require.Equal(t, []string{goodSecret, otherSecret}, c.SessionSecrets)
	require.Equal(t, "smtps://corral:hunter2@mail.example.com", c.SMTP.String())
	require.Equal(t, "postgres://corral:hunter2@db/corral", c.DatabaseURL)
}

func TestSecretFiles_Faults(t *testing.T) {
	for _, key := range []string{"SESSION_SECRET", "SMTP_URL", "DATABASE_URL"} {
		without := production.with(vars{key: ""})
		require.Equal(t, []string{key + "_FILE names a file that cannot be read: no such file or directory"},
			faults(t, without.with(vars{key + "_FILE": filepath.Join(t.TempDir(), "none")}), t.TempDir()))
		require.Equal(t, []string{key + "_FILE names a file that is empty"},
			faults(t, without.with(vars{key + "_FILE": written(t, " \n")}), t.TempDir()))
		require.Equal(t, []string{key + " and " + key + "_FILE are both set: keep one"},
			faults(t, without.with(vars{key: "x", key + "_FILE": written(t, "y")}), t.TempDir()))
	}
}

func TestDotenv(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".env"), []byte("# mine\nPORT=8080\nLOG_LEVEL=debug\n"), 0o600))
	c, err := load([]string{"PORT=9090"}, dir, false)
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:9090", c.Addr, "a real variable wins")
	require.Equal(t, slog.LevelDebug, c.LogLevel)

	c, err = load(nil, dir, true)
	require.NoError(t, err)
	require.Equal(t, slog.LevelInfo, c.LogLevel, "tests do not depend on somebody's .env")
}

func TestDotenv_Faulty(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".env"), []byte("SMTP_URL hunter2\n"), 0o600))
	require.Equal(t, []string{
		".env cannot be read: mend or remove it",
		"LOG_LEVEL=loud is unknown: use debug, info, warn or error",
	}, faults(t, vars{"LOG_LEVEL": "loud"}, dir))
}

// What stands in the example file is known to everybody.
func TestDotenvExample(t *testing.T) {
	example, err := os.ReadFile("../.env.example")
	require.NoError(t, err)
	dir := t.TempDir()
	filled := strings.ReplaceAll(string(example), "\n# ", "\n")
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".env"), []byte(filled), 0o600))
	_, rest, found := strings.Cut(filled, "\nSESSION_SECRET=")
	require.True(t, found)
	secret, _, _ := strings.Cut(rest, "\n")
	require.Equal(t, []string{"SESSION_SECRET, value 1, is an example: set it to the output of `corral task secret`"},
		faults(t, production.with(vars{"SESSION_SECRET": secret}), t.TempDir()))
}

func TestUnderGoTest(t *testing.T) {
	dir := t.TempDir()
	c, err := Load(vars{"DATABASE_URL": "postgres://corral@db/people"}.environ(), dir)
	require.NoError(t, err)
	require.Equal(t, Test, c.Env)
	require.Empty(t, c.DatabaseURL, "DATABASE_URL names real people's rows")
	require.Len(t, c.SessionSecrets, 1)
	require.NoDirExists(t, filepath.Join(dir, "storage"), "tests write no secret")

	c, err = Load(vars{"TEST_DATABASE_URL": "postgres://corral@db/test", "DATABASE_URL": "postgres://corral@db/people"}.environ(), dir)
	require.NoError(t, err)
	require.Equal(t, "postgres://corral@db/test", c.DatabaseURL)

	_, err = Load(vars{"TEST_DATABASE_URL": "sqlite3://test.sqlite"}.environ(), dir)
	require.EqualError(t, err, "TEST_DATABASE_URL is not postgres://user:password@host/name: leave it out to test on SQLite")
}

func TestCurrent(t *testing.T) {
	require.Equal(t, Test, MustCurrent().Env)
}
