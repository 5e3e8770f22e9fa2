package identities

import (
	"bytes"
	"encoding/base64"
	"strings"

	"corral/internal/oidc"
	"corral/internal/secret"
)

// Pending is an identity without an account until the user opens the link mailed to its
// email. Only the browser that came from the provider keeps it, encrypted.
type Pending struct {
	oidc.Identity
	TokenDigest []byte // of the token in the mailed link
}

// ParsePending parses a text from Raw. A text of fewer than four parts gives an empty Pending.
func ParsePending(raw string) *Pending {
	parts := strings.SplitN(raw, " ", 4) // only the subject may have a space
	if len(parts) < 4 {
		return &Pending{}
	}
	digest, _ := base64.RawURLEncoding.DecodeString(parts[0]) // after an error, the digest is of no token
	return &Pending{oidc.Identity{Issuer: parts[1], Email: parts[2], Subject: parts[3]}, digest}
}

// Raw returns the identity as a text for a cookie, for which JSON's names and quotes would be
// too long. The email must be normalized.
func (p *Pending) Raw() string {
	return strings.Join([]string{base64.RawURLEncoding.EncodeToString(p.TokenDigest), p.Issuer, p.Email, p.Subject}, " ")
}

// IsFor reports whether the link with the token was mailed for the identity.
func (p *Pending) IsFor(rawToken string) bool {
	return p != nil && bytes.Equal(p.TokenDigest, secret.TokenDigest(rawToken))
}
