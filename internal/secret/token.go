package secret

import (
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"

	"github.com/gofrs/uuid"
)

// NewToken returns a random token for a link or cookie: 32 bytes of crypto/rand
// in URL-safe base64.
func NewToken() string { return base64.RawURLEncoding.EncodeToString(random()) }

// TokenDigest returns a token's SHA-256, which is stored instead of the token: an
// attacker who reads the table cannot use the digest. A token has 256 random bits, so its
// digest needs no key.
func TokenDigest(rawToken string) []byte {
	sum := sha256.Sum256([]byte(rawToken))
	return sum[:]
}

// tokenInPath matches a segment of a path that has the form of a NewToken.
var tokenInPath = regexp.MustCompile(`(^|/)[\w-]{43}($|[/?#])`)

// InPath reports whether a path has a segment of the form of a NewToken.
func InPath(path string) bool { return tokenInPath.MatchString(path) }

// NewTokenOf returns a token that names its row: the id, a dot and a NewToken.
func NewTokenOf(id uuid.UUID) string { return id.String() + "." + NewToken() }

// IDInToken returns the id in a token of NewTokenOf, or uuid.Nil, which no row has.
func IDInToken(rawToken string) uuid.UUID {
	id, _, _ := strings.Cut(rawToken, ".")
	return uuid.FromStringOrNil(id)
}
