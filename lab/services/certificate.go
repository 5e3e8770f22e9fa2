// Package services provides what the app needs around it: databases, a PostgreSQL
// server, a mail server, nginx, PgBouncer and certificates.
package services

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Certificate is a self-signed certificate for 127.0.0.1.
type Certificate struct {
	Pair          tls.Certificate
	Roots         *x509.CertPool
	File, KeyFile string
	Fingerprint   string // digest of the public key, for Chromium
}

// NewCertificate makes a certificate, which is valid for hosts too, and writes its files
// to dir.
func NewCertificate(dir string, hosts ...string) (*Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		DNSNames: hosts, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(parsed.RawSubjectPublicKeyInfo)
	c := &Certificate{
		Pair: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, Roots: x509.NewCertPool(),
		File: filepath.Join(dir, "site.pem"), KeyFile: filepath.Join(dir, "site.key"),
		Fingerprint: base64.StdEncoding.EncodeToString(digest[:]),
	}
	c.Roots.AddCert(parsed)
	if err := os.WriteFile(c.File, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		return nil, err
	}
	return c, os.WriteFile(c.KeyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}), 0o600)
}

// TLS returns a server configuration with the certificate.
func (c *Certificate) TLS() *tls.Config { return &tls.Config{Certificates: []tls.Certificate{c.Pair}} }

// Variable returns an environment variable that makes a process trust the certificate.
func (c *Certificate) Variable() string { return "SSL_CERT_FILE=" + c.File }
