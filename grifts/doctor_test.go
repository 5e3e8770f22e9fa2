package grifts

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/config"
)

// A fault stands in the line of its own check, whatever was typed.
func TestDoctor_CheckOfAFault(t *testing.T) {
	for fault, want := range map[string]string{
		"SESSION_SECRET is missing: set it to the output of a task":                      "secret",
		"SESSION_SECRET_FILE names a file that is empty":                                 "secret",
		"HOST=http://DATABASE_URL is not https":                                          "host",
		"nothing ends TLS: set TRUSTED_PROXIES to the proxy's network, or TLS_CERT_FILE": "https",
		"TLS_CERT_FILE and TLS_KEY_FILE go together: set both or neither":                "https",
		"SMTP_URL is missing: people could not reset a password":                         "mail",
		"MAIL_FROM=HOST is not an address":                                               "mail",
		"DATABASE_URL_FILE names a file that cannot be read":                             "database",
		"a .env file lies beside the app: its values would replace the real environment": ".env",
		".env cannot be read: mend or remove it":                                         ".env",
		"PORT=HOST is not a port":                                                        "other settings",
		"ADDR=HOST is not an address: write it like 127.0.0.1, the port goes into PORT":  "other settings",
		"SIGNUP=.env is unknown: use open, closed":                                       "other settings",
		"PASSWORD_MIN=1: use a number from 8 to 64":                                      "other settings",
		"LOG_LEVEL=SMTP_URL is unknown: use debug, info, warn or error":                  "other settings",
		"something that nobody has thought of":                                           "other settings",
	} {
		require.Equal(t, want, checkOf(fault), fault)
	}
}

func TestDoctor_DatabaseTLS(t *testing.T) {
	for address, private := range map[string]bool{
		"sqlite3://storage/production.sqlite":                         true,
		"postgres://app@127.0.0.1/app":                                true,
		"postgres://app@127.9.9.9/app?sslmode=disable":                true,
		"postgres://app@localhost/app":                                true,
		"postgres://app@[::1]/app":                                    true,
		"postgres:///app?host=/run/postgresql":                        true,
		"postgres://app@db.example.com/app?sslmode=verify-full":       true,
		"postgres://app@a.example,b.example/app?sslmode=verify-full":  true,
		"postgres://app@db.example.com/app":                           false, // prefers TLS, goes without
		"postgres://app@db.example.com/app?sslmode=disable":           false,
		"postgres://app@db.example.com/app?sslmode=allow":             false,
		"postgres://app@db.example.com/app?sslmode=require":           false, // any certificate
		"postgres://app@db.example.com/app?sslmode=verify-ca":         false, // any name
		"postgres://app@127.0.0.1,db.example.com/app?sslmode=disable": false,
		"postgres://app@localhost.example.com/app":                    false,
		"postgres://app:hunter2%zz@db.example.com/app":                false,
	} {
		said, err := checkDatabaseTLS(config.Config{DatabaseURL: address})
		require.Equal(t, private, err == nil, "%s: %s %v", address, said, err)
		if err != nil {
			require.Contains(t, err.Error(), "sslmode=verify-full")
			require.NotContains(t, err.Error(), "hunter2")
		}
	}
}

func TestDoctor_Clock(t *testing.T) {
	for skew, well := range map[time.Duration]bool{
		0: true, 5 * time.Second: true, -5 * time.Second: true,
		5001 * time.Millisecond: false, -5001 * time.Millisecond: false, 24 * time.Hour: false,
	} {
		_, err := judgeClock(skew)
		require.Equal(t, well, err == nil, skew)
	}
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
			require.Contains(t, said, "this app ends TLS")
			continue
		}
		require.ErrorContains(t, err, c.want, name)
	}
	_, err := checkHTTPS(config.Config{Host: host, TLSCertFile: "none", TLSKeyFile: "none"})
	require.ErrorContains(t, err, "cannot be used")
}

func TestDoctor_Proxies(t *testing.T) {
	for prefix, well := range map[string]bool{"10.0.0.0/8": true, "192.0.2.1/32": true, "0.0.0.0/0": false, "::/0": false} {
		_, err := checkHTTPS(config.Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix(prefix)}})
		require.Equal(t, well, err == nil, prefix)
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
