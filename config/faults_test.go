package config

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each fault is one line, and each cause gives one fault. Package env tests which values a
// variable refuses.
func TestFaults(t *testing.T) {
	const (
		percent  = "percent-encode special characters of the password (# as %23, / as %2F, ? as %3F, % as %25)"
		database = "DATABASE_URL is neither sqlite3://path nor postgres://user:password@host/name: " + percent
		remedy   = ": set it to the output of `corral task secret`"
	)
	for _, test := range []struct{ key, value, line string }{
		{"GO_ENV", "staging", "GO_ENV=staging is unknown: use development, production"},
		{"GO_ENV", "Production", "GO_ENV=Production is unknown: use development, production"},
		{"GO_ENV", "test", "GO_ENV=test is for go test only: use development or production"},
		{"ADDR", "127.0.0.1:3000", "ADDR=127.0.0.1:3000 is not an IP or a host name: write it like 127.0.0.1 or ::1, the port goes into PORT"},
		{"DATABASE_TLS", "on", "DATABASE_TLS=on is unknown: use verified, off"}, // in development, too
		{"PORT", "http", "PORT=http is not a port: use a number from 1 to 65535"},
		{"PORT", "30\n00", "PORT=30 00 is not a port: use a number from 1 to 65535"},
		{"HOST", "login.example.com", "HOST=login.example.com is not a public URL: write it like https://login.example.com, or unset it if your shell set it"},
		{"DATABASE_URL", "mysql://corral:hunter2@db/corral", database},
		{"DATABASE_URL", "storage/corral.sqlite", database},
		{"DATABASE_URL", "sqlite3://", database},
		{"DATABASE_URL", "postgres://", database},
		{"DATABASE_URL", "postgres://corral:hunter2%zz@db/corral", database},
		{"DATABASE_URL", "postgres://corral:12#34@db/corral", database},
		{"DATABASE_URL", "postgres://corral:12/34@db/corral", database},
		{"DATABASE_URL", "postgres://corral:pass#word@db/corral", database},
		{"SESSION_SECRET", goodSecret[1:], "SESSION_SECRET, value 1, is shorter than 32 bytes" + remedy},
		{"SESSION_SECRET", goodSecret + ",", "SESSION_SECRET, value 2, is shorter than 32 bytes" + remedy},
		{"SESSION_SECRET", strings.Repeat("abc", 20), "SESSION_SECRET, value 1, can be guessed" + remedy},
		{"SESSION_SECRET", strings.Repeat("buffalo-secret", 4), "SESSION_SECRET, value 1, is an example" + remedy},
		{"SESSION_SECRET", goodSecret + ",replace-this-by-the-output-of-task-secret", "SESSION_SECRET, value 2, is an example" + remedy},
		{"SESSION_IDLE", "30", "SESSION_IDLE=30 is not a time span of at least a second: write it like 30m or 12h"},
		{"SESSION_LIFETIME", "-12h", "SESSION_LIFETIME=-12h is not a time span of at least a second: write it like 30m or 12h"},
		{"REMEMBER_LIFETIME", "30d", "REMEMBER_LIFETIME=30d is not a time span of at least a second: write it like 30m or 12h"},
		{"PASSWORD_MIN", "7", "PASSWORD_MIN=7: use a number from 8 to 64"},
		{"MAILS_PER_CLIENT", "0", "MAILS_PER_CLIENT=0: use a number from 1 to 100000"},
		{"MAILS_PER_CLIENT", "100001", "MAILS_PER_CLIENT=100001: use a number from 1 to 100000"},
		{"PASSWORD_MIN", "65", "PASSWORD_MIN=65: use a number from 8 to 64"},
		{"SESSION_LIFETIME", "9601h", "SESSION_LIFETIME=9601h is too long: use at most 9600h"},
		{"REMEMBER_LIFETIME", "12000h", "REMEMBER_LIFETIME=12000h is too long: use at most 9600h"},
		{"HSTS", "on", "HSTS=on is unknown: use host, subdomains"},
		{"SIGNUP", "yes", "SIGNUP=yes is unknown: use open, closed"},
		{"SECOND_FACTOR", "on", "SECOND_FACTOR=on is unknown: use optional, required"},
		{"TRUSTED_PROXIES", "10.0.0.0/8,proxy", "TRUSTED_PROXIES: proxy is not a network: write it like 10.0.0.0/8"},
		{"TRUSTED_PROXIES", "10.0.0.0/33", "TRUSTED_PROXIES: 10.0.0.0/33 is not a network: write it like 10.0.0.0/8"},
		{"TRUSTED_PROXIES", "0.0.0.0/1,128.0.0.0/1", "TRUSTED_PROXIES=0.0.0.0/1,128.0.0.0/1 covers all of IPv4, so that any client could claim any IP: name the proxy's network"},
		{"SESSION_SECRET", goodSecret + " " + goodSecret, "SESSION_SECRET, value 1, holds several secrets: separate them by commas or lines"},
		{"SESSION_SECRET", goodSecret + "; " + goodSecret, "SESSION_SECRET, value 1, holds several secrets: separate them by commas or lines"},
		{"SESSION_SECRET", "# made by Ada in May 2026 for the nodes of June\n" + goodSecret, "SESSION_SECRET, value 1, is a comment: remove it"},
		{"SESSION_SECRET", strings.Repeat("0123456789", 4), "SESSION_SECRET, value 1, repeats a short pattern" + remedy},
		{"TLS_CERT_FILE", "cert.pem", "TLS_CERT_FILE and TLS_KEY_FILE go together: set both or neither"},
		{"TLS_KEY_FILE", "key.pem", "TLS_CERT_FILE and TLS_KEY_FILE go together: set both or neither"},
		{"SMTP_URL", "mail.example.com", "SMTP_URL is not a mail server: write it like smtp://user:password@mail.example.com:587, and " + percent},
		{"MAIL_FROM", "nobody", "MAIL_FROM=nobody is not an email: write it like Corral <login@example.com>"},
		{"LOG_LEVEL", "loud", "LOG_LEVEL=loud is unknown: use debug, info, warn or error"},
	} {
		t.Run(test.key+"="+test.value, func(t *testing.T) {
			require.Equal(t, []string{test.line}, faults(t, development.with(vars{test.key: test.value}), t.TempDir()))
			// In production, the fault is also one line.
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
	const noTLS = "nothing terminates TLS: set TRUSTED_PROXIES to the proxy's network, or TLS_CERT_FILE and TLS_KEY_FILE, or listen on a unix socket alone"
	for name, test := range map[string]struct {
		changes vars
		line    string
	}{
		"no secret":                {vars{"SESSION_SECRET": ""}, "SESSION_SECRET is missing: set it to the output of `corral task secret`"},
		"no host":                  {vars{"HOST": ""}, "HOST is missing: set it to the public URL, like https://login.example.com"},
		"http host":                {vars{"HOST": "http://login.example.com"}, "HOST=http://login.example.com is not https, and a password must not cross the network in the clear: use the https URL"},
		"no mail server":           {vars{"SMTP_URL": ""}, "SMTP_URL is missing, and users could not reset a password: set it to smtp://user:password@mail.example.com:587"},
		"no proxy, no certificate": {vars{"TRUSTED_PROXIES": ""}, noTLS},
		"DATABASE_TLS":             {vars{"DATABASE_TLS": "on"}, "DATABASE_TLS=on is unknown: use verified, off"},
		"remote PostgreSQL without TLS": {vars{"DATABASE_URL": "postgres://corral:hunter2@db/corral"}, "DATABASE_URL: the connection to db can be read or changed on its way: " +
			"add sslmode=verify-full, and sslrootcert=FILE if the server's certificate is from an authority of your own; DATABASE_TLS=off accepts that"},
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

func TestFaults_SecretsAreNotRepeated(t *testing.T) {
	for _, v := range []vars{
		{"SMTP_URL": "smpt://corral:hunter2@mail.example.com"},
		{"SMTP_URL": "smtp://corral:hunter2%@mail.example.com"},
		{"SMTP_URL_FILE": "smtp://corral:hunter2@mail.example.com"},
		{"MAIL_FROM": "smtp://corral:hunter2@mail.example.com"},
		{"DATABASE_URL": "mysql://corral:hunter2@db/corral"},
		{"DATABASE_URL": "postgres://corral:hunter2%@db/corral"},
		{"DATABASE_URL_FILE": "postgres://corral:hunter2@db/corral"},
		{"SESSION_SECRET": "hunter2"},
		{"SESSION_SECRET_FILE": "hunter2"},
		{"SESSION_SECRET": "hunter2", "SESSION_SECRET_FILE": "hunter2"},
	} {
		requireNotRepeated(t, v)
	}
}

// requireNotRepeated requires that v has one fault, whose line does not contain the secret.
func requireNotRepeated(t *testing.T, v vars) {
	t.Helper()
	lines := faults(t, v, t.TempDir())
	require.Len(t, lines, 1, "%v", v)
	require.NotContains(t, lines[0], "hunter2")
}

func TestProduction_DatabaseTLS(t *testing.T) {
	for _, v := range []vars{
		{"DATABASE_URL": "postgres://corral@db/corral?sslmode=verify-full"},
		{"DATABASE_URL": "postgres://corral@db/corral?sslmode=verify-ca"},
		{"DATABASE_URL": "postgres://corral@127.0.0.1/corral"},
		{"DATABASE_URL": "postgres:///corral?host=/run/postgresql"},
		{"DATABASE_URL": "postgres://corral@db/corral", "DATABASE_TLS": "off"},
	} {
		loaded(t, production.with(v))
	}
	loaded(t, development.with(vars{"DATABASE_URL": "postgres://corral@db/corral"}))
	for _, mode := range []string{"", "?sslmode=disable", "?sslmode=prefer", "?sslmode=require"} {
		lines := faults(t, production.with(vars{"DATABASE_URL": "postgres://corral@db/corral" + mode}), t.TempDir())
		require.Len(t, lines, 1, mode)
		require.Contains(t, lines[0], "can be read or changed on its way", mode)
	}
}

func TestProduction_DatabaseFileIsPrivate(t *testing.T) {
	path := fileWith(t, "")
	v := production.with(vars{"DATABASE_URL": "sqlite3://" + path})
	loaded(t, v)
	for _, mode := range []os.FileMode{0o644, 0o640, 0o606} {
		require.NoError(t, os.Chmod(path, mode))
		require.Equal(t, []string{fmt.Sprintf("DATABASE_URL: other users can read or write the file %s (mode %04o): run chmod 600 %s", path, mode, path)},
			faults(t, v, t.TempDir()))
	}
	loaded(t, development.with(vars{"DATABASE_URL": "sqlite3://" + path}))

	require.NoError(t, os.Chmod(path, 0o600))
	for _, suffix := range []string{"-wal", "-shm", "-journal"} { // a crash leaves these files, which contain rows
		require.NoError(t, os.WriteFile(path+suffix, nil, 0o600))
		loaded(t, v)
		require.NoError(t, os.Chmod(path+suffix, 0o644))
		lines := faults(t, v, t.TempDir())
		require.Len(t, lines, 1, suffix)
		require.Contains(t, lines[0], "chmod 600 "+path+suffix)
		require.NoError(t, os.Remove(path+suffix))
	}
}
