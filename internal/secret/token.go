package secret

import (
	"crypto/sha256"
	"encoding/base64"
)

// NewToken returns a one-time token for a link or cookie: 32 bytes of crypto/rand
// in URL-safe base64.
func NewToken() string { return base64.RawURLEncoding.EncodeToString(random()) }

// TokenDigest returns a token's SHA-256, which is stored instead of the token: an
// attacker who reads the table cannot use it. A token has 256 random bits, so its
// digest needs no key.
func TokenDigest(rawToken string) []byte {
	sum := sha256.Sum256([]byte(rawToken))
	return sum[:]
}
