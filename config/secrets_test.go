package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestNewSecret(t *testing.T) {
	one, two := NewSecret(), NewSecret()
	require.NotEqual(t, one, two)
	require.Regexp(t, `^[0-9a-f]{64}$`, one)
	require.Equal(t, []string{one, two}, started(t, production.with(vars{"SESSION_SECRET": one + "," + two})).SessionSecrets)
}

// Made once, kept for its owner only, and used again.
func TestDevelopmentSecret(t *testing.T) {
	dir := t.TempDir()
	first, err := load(nil, dir, false)
	require.NoError(t, err)
	require.Regexp(t, `^[0-9a-f]{64}$`, first.SessionSecrets[0])

	storage := filepath.Join(dir, "storage")
	require.Equal(t, os.FileMode(0o700), mode(t, storage))
	require.Equal(t, os.FileMode(0o600), mode(t, filepath.Join(storage, "development.secret")))
	entries, err := os.ReadDir(storage)
	require.NoError(t, err)
	require.Len(t, entries, 1, "nothing else is left behind")

	again, err := load(nil, dir, false)
	require.NoError(t, err)
	require.Equal(t, first.SessionSecrets, again.SessionSecrets)

	require.NotEqual(t, first.SessionSecrets, started(t, development).SessionSecrets)
}

func mode(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	return info.Mode().Perm()
}

func TestDevelopmentSecret_IsNotMadeBesideARealOne(t *testing.T) {
	dir := t.TempDir()
	require.Empty(t, faults(t, vars{"SESSION_SECRET": goodSecret}, dir))
	require.NoDirExists(t, filepath.Join(dir, "storage"))
}

// A file that lost its end, or all of it, would sign cookies that anybody can forge.
func TestDevelopmentSecret_Damaged(t *testing.T) {
	for _, content := range []string{"", "3f1d"} {
		dir := t.TempDir()
		path := filepath.Join(dir, "storage", "development.secret")
		require.NoError(t, os.Mkdir(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		require.Equal(t, []string{path + " is damaged: remove it, and the next start makes another"}, faults(t, development, dir))
	}
}

func TestDevelopmentSecret_CannotBeKept(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "storage"), nil, 0o600)) // a file where the folder goes
	lines := faults(t, development, dir)
	require.Len(t, lines, 1)
	require.Contains(t, lines[0], "the development secret cannot be kept: ")
}

// Two first starts at once both get a whole secret.
func TestDevelopmentSecret_TwoStarts(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			c, err := load(nil, dir, false)
			if err != nil || len(c.SessionSecrets[0]) != 64 {
				t.Errorf("%d bytes, %v", len(c.SessionSecrets[0]), err)
			}
		})
	}
	all.Wait()
}

func TestCertificate(t *testing.T) {
	cert, key := certificate(t)
	v := production.with(vars{"TRUSTED_PROXIES": "", "TLS_CERT_FILE": cert, "TLS_KEY_FILE": key})
	c := started(t, v)
	require.True(t, c.TLS())
	require.Equal(t, cert, c.TLSCertFile)
	require.Equal(t, key, c.TLSKeyFile)

	lines := faults(t, v.with(vars{"TLS_KEY_FILE": filepath.Join(t.TempDir(), "none.pem")}), t.TempDir())
	require.Len(t, lines, 1)
	require.Contains(t, lines[0], "TLS_CERT_FILE and TLS_KEY_FILE cannot be used: ")

	_, otherKey := certificate(t)
	lines = faults(t, v.with(vars{"TLS_KEY_FILE": otherKey}), t.TempDir())
	require.Len(t, lines, 1)
	require.Contains(t, lines[0], "TLS_CERT_FILE and TLS_KEY_FILE cannot be used: ")
}

// certificate returns the paths of a new certificate and its key.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	return written(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}))),
		written(t, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})))
}

func TestDeriveKey(t *testing.T) {
	key := DeriveKey(goodSecret, "one")
	require.Len(t, key, 32)
	require.Equal(t, key, DeriveKey(goodSecret, "one"))
	require.NotEqual(t, key, DeriveKey(goodSecret, "two"), "no key serves two purposes")
	require.NotEqual(t, key, DeriveKey(otherSecret, "one"))
}
