package identities

import (
	"bytes"
	"encoding/base64"
	"strings"

	"corral/internal/oidc"
	"corral/internal/secret"
)

// Pending is an unknown identity that waits for the user to open the link that was mailed to
// its email. The browser that came from the provider keeps it, encrypted.
type Pending struct {
	oidc.Identity
	TokenDigest []byte // of the mailed link, which stands for the identity in this browser only
}

// ParsePending reads a text of Raw. Of any other text, it makes an identity of no issuer.
func ParsePending(raw string) *Pending {
	parts := strings.SplitN(raw, " ", 4) // only the subject may have a space
	if len(parts) < 4 {
		return &Pending{}
	}
	digest, _ := base64.RawURLEncoding.DecodeString(parts[0])
	return &Pending{oidc.Identity{Issuer: parts[1], Email: parts[2], Subject: parts[3]}, digest}
}

// Raw returns the identity as a text for a cookie, where names and quotes, as in JSON, would
// take too much room. The email must be normalized.
func (p *Pending) Raw() string {
	return strings.Join([]string{base64.RawURLEncoding.EncodeToString(p.TokenDigest), p.Issuer, p.Email, p.Subject}, " ")
}

// IsFor reports whether the mailed link with the token stands for the identity.
func (p *Pending) IsFor(rawToken string) bool {
	return p != nil && bytes.Equal(p.TokenDigest, secret.TokenDigest(rawToken))
}
