package env_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/internal/env"
	"corral/internal/secret"
)

func TestVars_RejectsBadValues(t *testing.T) {
	const (
		issuer   = " is not an issuer: write it like https://accounts.example.com, without ? and #"
		plain    = " is not https, and anyone on the way could log in as any user: use the https URL"
		baseURL  = " is not a public URL: write it like https://login.example.com, or unset it if your shell set it"
		noHost   = " has a host that no browser sends: use letters, digits and hyphens (for other letters, the form xn--…), and a port like :8443 or none"
		memory   = "X names a database in memory, which would be lost: name a file, like sqlite3://storage/production.sqlite"
		database = "X is neither sqlite3://path nor postgres://user:password@host/name: percent-encode special characters of the password (# as %23, / as %2F, ? as %3F, % as %25)"
		mailer   = "X is not a mail server: write it like smtp://user:password@mail.example.com:587, and percent-encode special characters of the password (# as %23, / as %2F, ? as %3F, % as %25)"
	)
	for name, kind := range map[string]struct {
		read  func(v *env.Vars)
		lines map[string]string // the fault of each value
	}{
		"OneOf": {func(v *env.Vars) { v.OneOf("X", "open", "closed") }, map[string]string{
			"yes":  "X=yes is unknown: use open, closed",
			"Open": "X=Open is unknown: use open, closed",
		}},
		"Duration, too long": {func(v *env.Vars) { v.Duration("X", time.Hour, 2*time.Hour) }, map[string]string{
			"2h1s": "X=2h1s is too long: use at most 2h",
		}},
		"Duration": {func(v *env.Vars) { require.Equal(t, time.Hour, v.Duration("X", time.Hour, 2*time.Hour)) }, map[string]string{
			"30":    "X=30 is not a time span of at least a second: write it like 30m or 12h",
			"-12h":  "X=-12h is not a time span of at least a second: write it like 30m or 12h",
			"30d":   "X=30d is not a time span of at least a second: write it like 30m or 12h",
			"999ms": "X=999ms is not a time span of at least a second: write it like 30m or 12h",
		}},
		"Int": {func(v *env.Vars) { v.Int("X", 15, 8, 64) }, map[string]string{
			"7":    "X=7: use a number from 8 to 64",
			"65":   "X=65: use a number from 8 to 64",
			"many": "X=many: use a number from 8 to 64",
		}},
		"Port": {func(v *env.Vars) { v.Port("X", "3000") }, map[string]string{
			"http":   "X=http is not a port: use a number from 1 to 65535",
			"0":      "X=0 is not a port: use a number from 1 to 65535",
			"03000":  "X=03000 begins with a zero: leave it out",
			"65536":  "X=65536 is not a port: use a number from 1 to 65535",
			"30\n00": "X=30 00 is not a port: use a number from 1 to 65535",
		}},
		"Addr": {func(v *env.Vars) { v.Addr("X", "") }, map[string]string{
			"127.0.0.1:3000":   "X=127.0.0.1:3000 is not an IP or a host name: write it like 127.0.0.1 or ::1, the port goes into PORT",
			"http://localhost": "X=http://localhost is not an IP or a host name: write it like 127.0.0.1 or ::1, the port goes into PORT",
		}},
		"PublicURL": {func(v *env.Vars) { require.Nil(t, v.PublicURL("X")) }, map[string]string{
			"login.example.com":               "X=login.example.com" + baseURL,
			"ftp://login.example.com":         "X=ftp://login.example.com" + baseURL,
			"https://":                        "X=https://" + baseURL,
			"https://:3000":                   "X=https://:3000" + baseURL,
			"https://login.example.com:65536": "X=https://login.example.com:65536" + baseURL,
			"https://login.example.com/app":   "X=https://login.example.com/app" + baseURL,
			"https://login.example.com?x":     "X=https://login.example.com?x" + baseURL,
			"https://login.example.com#x":     "X=https://login.example.com#x" + baseURL,
			"https://ada@login.example.com":   "X" + baseURL,
			"https://login example.com":       "X=https://login example.com" + baseURL,
			"https://bücher.example":          "X=https://bücher.example" + noHost,
			"https://b%C3%BCcher.example":     "X=https://b%C3%BCcher.example" + noHost,
			"https://*.example.com":           "X=https://*.example.com" + noHost,
			"https://login.example.com:":      "X=https://login.example.com:" + noHost,
			"https://login.example.com:0443":  "X=https://login.example.com:0443" + noHost,
			"http://[fe80::1%25eth0]":         "X=http://[fe80::1%25eth0]" + noHost,
		}},
		"Issuer": {func(v *env.Vars) { require.Nil(t, v.Issuer("X", false)) }, map[string]string{
			"accounts.example.com":          "X=accounts.example.com" + issuer,
			"ftp://accounts.example.com":    "X=ftp://accounts.example.com" + issuer,
			"https://":                      "X=https://" + issuer,
			"https://accounts.example.com?": "X=https://accounts.example.com?" + issuer,
			"https://accounts.example.com#": "X=https://accounts.example.com#" + issuer,
			"https://a.example/?tenant=1":   "X=https://a.example/?tenant=1" + issuer,
			"https://a.example/#x":          "X=https://a.example/#x" + issuer,
			"https://a.example:65536":       "X=https://a.example:65536" + issuer,
			"https://a example":             "X=https://a example" + issuer,
			"https://ada:hunter2@a.example": "X has an @, which no issuer has: write it like https://accounts.example.com",
			"http://accounts.example.com":   "X=http://accounts.example.com" + plain,
			"http://localhost:8080":         "X=http://localhost:8080" + plain,
		}},
		"Issuer, on this machine": {func(v *env.Vars) { require.Nil(t, v.Issuer("X", true)) }, map[string]string{
			"http://accounts.example.com": "X=http://accounts.example.com" + plain,
			"http://localhost.example":    "X=http://localhost.example" + plain,
			"http://192.0.2.7":            "X=http://192.0.2.7" + plain,
		}},
		"Database": {func(v *env.Vars) { v.Database("X", "") }, map[string]string{
			"mysql://ada:hunter2@db/app":                database,
			"app.sqlite":                                database,
			"sqlite3://":                                database,
			"sqlite3://:memory:":                        memory,
			"sqlite://file::memory:?cache=shared":       memory,
			"sqlite3://file:a?cache=shared&mode=memory": memory,
			"postgres://ada:pass#word@db/app":           database,
			"postgres://ada:hunter2%zz@db/app":          database,
		}},
		"MailFrom": {func(v *env.Vars) { v.MailFrom("X", "App", "example.com") }, map[string]string{
			"nobody": "X=nobody is not an email: write it like App <login@example.com>",
		}},
		"Secrets": {func(v *env.Vars) { v.Secrets("X", "mend it") }, map[string]string{
			"short":             "X, value 1, is shorter than 32 bytes: mend it",
			secret.New() + ",x": "X, value 2, is shorter than 32 bytes: mend it",
		}},
		"MailServer": {func(v *env.Vars) { require.Nil(t, v.MailServer("X")) }, map[string]string{
			"mail.example.com":                               mailer,
			"https://corral:hunter2@mail.example.com":        mailer,
			"smpt://corral:hunter2@mail.example.com":         mailer,
			"smtp://corral:hunter2@":                         mailer,
			"smtp://corral:hunter2@mail.example.com:70000":   mailer,
			"smtp://corral:hunter2%zz@mail.example.com":      mailer,
			"smtp://corral:hunter2%@mail.example.com":        mailer,
			"smtp://corral:hunter2@mail.example.com:port":    mailer,
			"smtp://corral:hunter2@mail example.com":         mailer,
			"postgres://corral:hunter2@mail.example.com:587": mailer,
			"smtp://corral:12/34@mail.example.com:587":       mailer,
			"smtp://corral:12#34@mail.example.com:587":       mailer,
			"smtp://corral:12?34@mail.example.com:587":       mailer,
		}},
		"Prefixes": {func(v *env.Vars) { v.Prefixes("X") }, map[string]string{
			"10.0.0.0/8,proxy":    "X: proxy is not a network: write it like 10.0.0.0/8",
			"10.0.0.0/33":         "X: 10.0.0.0/33 is not a network: write it like 10.0.0.0/8",
			"::ffff:10.0.0.0/104": "X: ::ffff:10.0.0.0/104 is not a network: write it like 10.0.0.0/8",
		}},
		"Proxies": {func(v *env.Vars) { v.Proxies("X") }, map[string]string{
			"10.0.0.0/8 0.0.0.0/0":                         "X=10.0.0.0/8 0.0.0.0/0 covers all of IPv4, so that any client could claim any IP: name the proxy's network",
			"128.0.0.0/1,0.0.0.0/1":                        "X=128.0.0.0/1,0.0.0.0/1 covers all of IPv4, so that any client could claim any IP: name the proxy's network",
			"0.0.0.0/2,64.0.0.0/2,128.0.0.0/2,192.0.0.0/3": "X=0.0.0.0/2,64.0.0.0/2,128.0.0.0/2,192.0.0.0/3 covers all of IPv4, so that any client could claim any IP: name the proxy's network",
			"::/0":              "X=::/0 covers all of IPv6, so that any client could claim any IP: name the proxy's network",
			"2000::/4,3000::/4": "X=2000::/4,3000::/4 covers all of IPv6, so that any client could claim any IP: name the proxy's network",
			"proxy":             "X: proxy is not a network: write it like 10.0.0.0/8",
		}},
		"LogLevel": {func(v *env.Vars) { v.LogLevel("X") }, map[string]string{
			"loud": "X=loud is unknown: use debug, info, warn or error",
		}},
	} {
		for value, line := range kind.lines {
			v := vars(value)
			kind.read(v)
			require.Equal(t, []string{line}, faults(v), "%s of %s", name, value)
			require.True(t, v.Faulty("X"))
		}
	}
	v := vars("one, two")
	v.Prefixes("X")
	require.Equal(t, []string{
		"X: one is not a network: write it like 10.0.0.0/8",
		"X: two is not a network: write it like 10.0.0.0/8",
	}, faults(v))
}

func TestVars_KeyPair(t *testing.T) {
	cert, key := certificate(t, time.Now().Add(time.Hour))
	_, otherKey := certificate(t, time.Now().Add(time.Hour))
	read := func(cert, key string) (*env.Vars, []string) {
		v := env.New([]string{"CERT=" + cert, "KEY=" + key})
		gotCert, gotKey := v.KeyPair("CERT", "KEY")
		return v, []string{gotCert, gotKey}
	}
	v, got := read(cert, key)
	require.Equal(t, []string{cert, key}, got)
	require.NoError(t, v.Err())
	v, got = read("", "")
	require.Equal(t, []string{"", ""}, got)
	require.NoError(t, v.Err())

	for _, half := range [][2]string{{cert, ""}, {"", key}} {
		v, _ = read(half[0], half[1])
		require.Equal(t, []string{"CERT and KEY go together: set both or neither"}, faults(v))
	}
	for _, wrong := range []string{otherKey, filepath.Join(t.TempDir(), "none.pem")} {
		v, _ = read(cert, wrong)
		require.Len(t, faults(v), 1)
		require.Contains(t, faults(v)[0], "CERT and KEY cannot be used: ")
		require.True(t, v.Faulty("CERT"))
	}
}

func TestCheckCertificate(t *testing.T) {
	check := func(ends time.Time, host string) error {
		cert, key := certificate(t, ends)
		until, err := env.CheckCertificate(cert, key, host)
		require.WithinDuration(t, ends, until, time.Second)
		return err
	}
	require.NoError(t, check(time.Now().Add(time.Hour), "login.example.com"))
	require.ErrorContains(t, check(time.Now().Add(time.Hour), "www.example.com"), "TLS_CERT_FILE is for another name than HOST")
	require.ErrorContains(t, check(time.Now().Add(-time.Hour), "login.example.com"), "TLS_CERT_FILE expired on ")
	_, err := env.CheckCertificate("none", "none", "login.example.com")
	require.ErrorContains(t, err, "cannot be used")
}

func certificate(t *testing.T, until time.Time) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: until, DNSNames: []string{"login.example.com"}}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	return fileWith(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}))),
		fileWith(t, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})))
}

func TestVars_Proxies(t *testing.T) {
	for _, value := range []string{"", "10.0.0.0/8", "127.0.0.1,::1", "0.0.0.0/1", "0.0.0.0/2,128.0.0.0/1", "2000::/4"} {
		v := vars(value)
		v.Proxies("X")
		require.NoError(t, v.Err(), value)
	}
}
