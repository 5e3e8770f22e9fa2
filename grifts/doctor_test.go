package grifts

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/internal/env"
	"corral/internal/task"
	"corral/models"
	"corral/models/modelstest"
)

// If a variable has a fault, the check that lists the variable fails.
func TestDoctor_FaultsAreResultsOfChecks(t *testing.T) {
	for variable, want := range map[string]string{
		"SESSION_SECRET":  "secret",
		"HOST":            "host",
		"TRUSTED_PROXIES": "https",
		"TLS_CERT_FILE":   "https",
		"TLS_KEY_FILE":    "https",
		"SMTP_URL":        "mail",
		"MAIL_FROM":       "mail",
		"DATABASE_URL":    "database",
		"DATABASE_TLS":    "database TLS",
		".env":            ".env",
		"PORT":            "other settings",
		"ADDR":            "other settings",
		"SIGNUP":          "other settings",
		"PASSWORD_MIN":    "other settings",
		"LOG_LEVEL":       "other settings",
		"OIDC_ISSUER":     "other settings", // without a provider, there is no check for it
		"ANYTHING_ELSE":   "other settings",
	} {
		all := checks(config.Config{})
		for i := range all {
			all[i].Run = func() (string, error) { return "is good", nil }
		}
		printed := printedBy(func() {
			require.EqualError(t, task.Examine(all, []env.Fault{{Key: variable, Line: "is wrong"}}), "1 of 10 checks failed")
		})
		require.Contains(t, printed, fmt.Sprintf("fail  %-15s is wrong\n", want), variable)
	}
}

// A fault has the name of its variable, even if a value contains the name of another.
func TestDoctor_FaultsOfConfig(t *testing.T) {
	_, err := config.Load([]string{
		"GO_ENV=production", "HOST=http://DATABASE_URL", "TLS_CERT_FILE=x", "MAIL_FROM=HOST", "PORT=HOST", "SIGNUP=.env", "LOG_LEVEL=SMTP_URL",
		"SESSION_SECRET_FILE=" + os.DevNull, "ADDR=HOST/", "PASSWORD_MIN=1",
	}, t.TempDir())
	faults := map[string]string{}
	for _, fault := range env.Faults(err) {
		faults[fault.Key] = fault.Line
	}
	require.Equal(t, map[string]string{
		"SESSION_SECRET": "SESSION_SECRET_FILE names a file that is empty: write the secret into it",
		"HOST":           "HOST=http://DATABASE_URL is not https, and a password must not cross the network in the clear: use the https URL",
		"TLS_CERT_FILE":  "TLS_CERT_FILE and TLS_KEY_FILE go together: set both or neither",
		"SMTP_URL":       "SMTP_URL is missing, and users could not reset a password: set it to smtp://user:password@mail.example.com:587",
		"MAIL_FROM":      "MAIL_FROM=HOST is not an email: write it like Corral <login@example.com>",
		"PORT":           "PORT=HOST is not a port: use a number from 1 to 65535",
		"ADDR":           "ADDR=HOST/ is not an IP or a host name: write it like 127.0.0.1 or ::1, the port goes into PORT",
		"SIGNUP":         "SIGNUP=.env is unknown: use open, closed",
		"PASSWORD_MIN":   "PASSWORD_MIN=1: use a number from 8 to 64",
		"LOG_LEVEL":      "LOG_LEVEL=SMTP_URL is unknown: use debug, info, warn or error",
	}, faults)
}

// Without GO_ENV the app would start in development, whatever the other variables say. With
// an unknown value it would not start.
func TestDoctor_GoEnv(t *testing.T) {
	all := checks(config.Config{})
	for value, want := range map[string]string{
		config.Production: "pass  other settings  are understood\n",
		"":                "fail  other settings  GO_ENV is missing, so the app runs in development: set it to production\n",
		"Production":      "fail  other settings  GO_ENV=Production starts no app: set it to production\n",
		"staging":         "fail  other settings  GO_ENV=staging starts no app: set it to production\n",
	} {
		t.Setenv("GO_ENV", value)
		require.Equal(t, want, printedBy(func() { task.Examine(all[len(all)-1:], nil) }))
	}
}

func TestDoctor_Clock(t *testing.T) {
	modelstest.Empty(t)
	_, err := checkClock(config.Config{})
	require.NoError(t, err)
	models.Clock.Move(-24 * time.Hour)
	t.Cleanup(models.Clock.Reset)
	_, err = checkClock(config.Config{})
	require.EqualError(t, err, "the clocks of this machine and of the database are 24h0m0s apart: set both by NTP")
}

func TestDoctor_Certificate(t *testing.T) {
	host := &url.URL{Scheme: "https", Host: "login.example.com:8443"}
	for name, c := range map[string]struct {
		dns     string
		expires time.Time
		want    string
	}{
		"good":       {"login.example.com", time.Now().Add(time.Hour), ""},
		"other name": {"www.example.com", time.Now().Add(time.Hour), "TLS_CERT_FILE is for another name than HOST"},
		"expired":    {"login.example.com", time.Now().Add(-time.Hour), "TLS_CERT_FILE expired on "},
	} {
		conf := config.Config{Host: host}
		conf.TLSCertFile, conf.TLSKeyFile = certificate(t, c.dns, c.expires)
		said, err := checkHTTPS(conf)
		if c.want == "" {
			require.NoError(t, err, name)
			require.Contains(t, said, "this app terminates TLS")
			continue
		}
		require.ErrorContains(t, err, c.want, name)
	}
	_, err := checkHTTPS(config.Config{Host: host, TLSCertFile: "none", TLSKeyFile: "none"})
	require.ErrorContains(t, err, "cannot be used")
}

func TestDoctor_ProxyHasToSendHostSchemeAndClient(t *testing.T) {
	said, err := checkHTTPS(config.Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	require.NoError(t, err)
	for _, want := range []string{"10.0.0.0/8", "has to send Host unchanged, X-Forwarded-Proto, and X-Forwarded-For: without the last", `the log warns "client IP unknown"`} {
		require.Contains(t, said, want)
	}
}

// certificate returns the paths of a new certificate and its key.
func certificate(t *testing.T, dns string, expires time.Time) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: expires, DNSNames: []string{dns}}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	cert, key = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	require.NoError(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}), 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}), 0o600))
	return cert, key
}
