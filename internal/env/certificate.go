package env

import (
	"crypto/tls"
	"fmt"
	"time"
)

// CheckCertificate returns the time until which the certificate of TLS_CERT_FILE and
// TLS_KEY_FILE is valid, or an error with a remedy if browsers would refuse it for host.
func CheckCertificate(certFile, keyFile, host string) (until time.Time, err error) {
	certificate, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return until, fmt.Errorf("TLS_CERT_FILE and TLS_KEY_FILE cannot be used: %w; correct their paths, permissions or pair", err)
	}
	until = certificate.Leaf.NotAfter
	if err := certificate.Leaf.VerifyHostname(host); err != nil {
		return until, fmt.Errorf("TLS_CERT_FILE is for another name than HOST (%w): get one for it", err)
	}
	if time.Now().After(until) {
		return until, fmt.Errorf("TLS_CERT_FILE expired on %s: renew it", until.UTC().Format(time.DateOnly))
	}
	return until, nil
}
