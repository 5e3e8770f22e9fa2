package browser

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// identity is the certificate of every server on this machine that the tests start.
type identity struct {
	tls         *tls.Config
	file        string // for SSL_CERT_FILE
	fingerprint string // for Chromium, which trusts this key and no other
}

var certificate = sync.OnceValue(func() identity {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}, new(x509.Certificate), key.Public(), key)
	must(err)
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	must(err)
	digest := sha256.Sum256(spki)
	file := filepath.Join(scratch, "authority.pem")
	must(os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return identity{
		tls:         &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}},
		file:        file,
		fingerprint: base64.StdEncoding.EncodeToString(digest[:]),
	}
})

func must(err error) {
	if err != nil {
		panic(err)
	}
}
