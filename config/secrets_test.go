package config

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

func TestSessionSecret_New(t *testing.T) {
	one, two := secret.New(), secret.New()
	require.Equal(t, []string{one, two}, loaded(t, production.with(vars{"SESSION_SECRET": one + "," + two})).SessionSecrets)
}

func TestDevelopmentSecret(t *testing.T) {
	dir := t.TempDir()
	first, err := load(nil, env.Options{Dir: dir})
	require.NoError(t, err)
	require.Regexp(t, `^[0-9a-f]{64}$`, first.SessionSecrets[0])
	require.FileExists(t, filepath.Join(dir, "storage", "development.secret"))

	again, err := load(nil, env.Options{Dir: dir})
	require.NoError(t, err)
	require.Equal(t, first.SessionSecrets, again.SessionSecrets)

	require.NotEqual(t, first.SessionSecrets, loaded(t, development).SessionSecrets)
}

func TestDevelopmentSecret_IsNotMadeByATask(t *testing.T) {
	dir := t.TempDir()
	c, err := load(nil, env.Options{Dir: dir, Task: true})
	require.NoError(t, err)
	require.Len(t, c.SessionSecrets, 1)
	require.NoDirExists(t, filepath.Join(dir, "storage"))
}

func TestDevelopmentSecret_IsNotMadeIfASecretIsSet(t *testing.T) {
	dir := t.TempDir()
	require.Empty(t, faults(t, vars{"SESSION_SECRET": goodSecret}, dir))
	require.NoDirExists(t, filepath.Join(dir, "storage"))
}

func TestDevelopmentSecret_IsNotMadeOutsideDevelopment(t *testing.T) {
	for _, name := range []string{"production", "test", "staging"} {
		dir := t.TempDir()
		require.NotEmpty(t, faults(t, vars{"GO_ENV": name}, dir))
		require.NoDirExists(t, filepath.Join(dir, "storage"), name)
	}
}

func TestSecretFiles(t *testing.T) {
	without := production.with(vars{"SESSION_SECRET": "", "SMTP_URL": ""})
	c := loaded(t, without.with(vars{
		"SESSION_SECRET_FILE": fileWith(t, goodSecret+","+otherSecret+"\n"),
		"SMTP_URL_FILE":       fileWith(t, "smtps://corral:hunter2@mail.example.com\n"),
		"DATABASE_URL_FILE":   fileWith(t, "postgres://corral:hunter2@db/corral?sslmode=verify-full\n"),
	}))
	require.Equal(t, []string{goodSecret, otherSecret}, c.SessionSecrets)
	require.Equal(t, "smtps://corral:hunter2@mail.example.com", c.SMTP.String())
	require.Equal(t, "postgres://corral:hunter2@db/corral?sslmode=verify-full", c.DatabaseURL)
}

func TestSecretFiles_Lines(t *testing.T) {
	without := production.with(vars{"SESSION_SECRET": ""})
	for _, content := range []string{
		goodSecret + "\n" + otherSecret,
		"\r\n" + goodSecret + "\r\n" + otherSecret + "\r\n",
	} {
		c := loaded(t, without.with(vars{"SESSION_SECRET_FILE": fileWith(t, content)}))
		require.Equal(t, []string{goodSecret, otherSecret}, c.SessionSecrets, "%q", content)
	}
	require.Equal(t, []string{"SESSION_SECRET, value 2, is shorter than 32 bytes: set it to the output of `corral task secret` (set in the file that SESSION_SECRET_FILE names)"},
		faults(t, without.with(vars{"SESSION_SECRET_FILE": fileWith(t, goodSecret+"\nshort\n")}), t.TempDir()))
}

// An unreadable secret is one fault: it is not reported as missing, too.
func TestSecretFiles_Faults(t *testing.T) {
	for _, key := range []string{"SESSION_SECRET", "SMTP_URL", "DATABASE_URL"} {
		without := production.with(vars{key: ""})
		require.Equal(t, []string{key + "_FILE names a file that cannot be read (no such file or directory): mend the path or the permissions"},
			faults(t, without.with(vars{key + "_FILE": filepath.Join(t.TempDir(), "none")}), t.TempDir()))
		require.Equal(t, []string{key + "_FILE names a file that is empty: write the secret into it"},
			faults(t, without.with(vars{key + "_FILE": fileWith(t, " \n")}), t.TempDir()))
		require.Equal(t, []string{key + " and " + key + "_FILE are both set: keep one"},
			faults(t, without.with(vars{key: "x", key + "_FILE": fileWith(t, "y")}), t.TempDir()))
	}
}

func TestCertificate(t *testing.T) {
	cert, key := certificate(t)
	v := production.with(vars{"TRUSTED_PROXIES": "", "TLS_CERT_FILE": cert, "TLS_KEY_FILE": key})
	c := loaded(t, v)
	require.NotEmpty(t, c.TLSCertFile)
	require.Equal(t, cert, c.TLSCertFile)
	require.Equal(t, key, c.TLSKeyFile)

	_, otherKey := certificate(t)
	for _, wrong := range []string{otherKey, filepath.Join(t.TempDir(), "none.pem")} {
		lines := faults(t, v.with(vars{"TLS_KEY_FILE": wrong}), t.TempDir())
		require.Len(t, lines, 1)
		require.Contains(t, lines[0], "TLS_CERT_FILE and TLS_KEY_FILE cannot be used: ")
	}
}

func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	return fileWith(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}))),
		fileWith(t, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})))
}
