package secret

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
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

// InPath reports whether a path, or its query, has a part of the form of a NewToken. A part
// without capitals is none: it may name a page.
func InPath(path string) bool {
	separates := func(r rune) bool { return strings.ContainsRune("/?&=#", r) }
	return slices.ContainsFunc(strings.FieldsFunc(path, separates), func(part string) bool {
		bytes, err := base64.RawURLEncoding.DecodeString(part)
		return err == nil && len(bytes) == sha256.Size && part != strings.ToLower(part)
	})
}

// NewTokenOf returns a token that names its row: the id, a dot and a NewToken.
func NewTokenOf(id uuid.UUID) string { return id.String() + "." + NewToken() }

// IDInToken returns the id in a token of NewTokenOf, or uuid.Nil, which no row has.
func IDInToken(rawToken string) uuid.UUID {
	id, _, _ := strings.Cut(rawToken, ".")
	return uuid.FromStringOrNil(id)
}
