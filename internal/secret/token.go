package secret

import (
	"crypto/sha256"
	"encoding/base64"
)

// NewToken returns a one-time token for a link or a cookie: 32 bytes of
// crypto/rand in URL-safe base64.
func NewToken() string { return base64.RawURLEncoding.EncodeToString(random()) }

// TokenDigest returns the SHA-256 of a token, which is what a database stores of
// it: an attacker who reads the table cannot use the token. A token has 256
// random bits, so the digest needs no key.
func TokenDigest(rawToken string) []byte {
	sum := sha256.Sum256([]byte(rawToken))
	return sum[:]
}
