package secret

import (
	"crypto/sha256"
	"encoding/base64"
)

// NewToken returns a one-time token for a link or cookie: 32 bytes of crypto/rand
// in URL-safe base64.
func NewToken() string { return base64.RawURLEncoding.EncodeToString(random()) }

// TokenDigest returns a token's SHA-256, which is stored instead: an attacker who
// reads the table cannot use it. With 256 random bits it needs no key.
func TokenDigest(rawToken string) []byte {
	sum := sha256.Sum256([]byte(rawToken))
	return sum[:]
}
