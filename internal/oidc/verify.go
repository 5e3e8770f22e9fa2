package oidc

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"

	goidc "github.com/coreos/go-oidc/v3/oidc"
)

const (
	clockSkew = time.Minute      // tolerance for the provider's clock
	freshFor  = 10 * time.Minute // the maximum age of a login, if Flow.MaxAge is set
)

// verify verifies the signature and the claims of an ID token (OpenID Connect Core,
// 3.1.3.7). go-oidc checks the issuer, exp and nbf, and that the audience includes the
// client.
func (p *Provider) verify(ctx context.Context, m *metadata, flow Flow, rawIDToken string) (Identity, error) {
	keys := &keySet{remote: m.keys}
	verifier := goidc.NewVerifier(p.Issuer, keys, &goidc.Config{ClientID: p.ClientID, SupportedSigningAlgs: m.algorithms, Now: p.Now})
	token, err := verifier.Verify(ctx, rawIDToken)
	if err != nil && (keys.unreachable || ctx.Err() != nil) {
		return Identity{}, unavailable(err)
	}
	if err != nil {
		return Identity{}, fmt.Errorf("the ID token is refused: %.300v", err)
	}
	var claims struct {
		AuthorizedParty string   `json:"azp"`
		Email           string   `json:"email"`
		AuthTime        *float64 `json:"auth_time"`
	}
	if err := token.Claims(&claims); err != nil {
		return Identity{}, fmt.Errorf("the ID token is refused: %w", err)
	}
	// Issuer is taken from the configuration: Google's tokens may spell it differently.
	identity := Identity{Issuer: p.Issuer, Subject: token.Subject, Email: claims.Email}
	if claims.AuthTime != nil {
		identity.AuthTime = time.Unix(int64(*claims.AuthTime), 0)
	}
	now := p.Now()
	switch {
	case token.Nonce != flow.Nonce: // prevents use of a stolen token in another browser
		return Identity{}, errors.New("the ID token has another nonce")
	case claims.AuthorizedParty != p.ClientID && (claims.AuthorizedParty != "" || len(token.Audience) != 1):
		// Prevents use of a token that was issued to another client.
		return Identity{}, fmt.Errorf("the ID token has the azp %.100q and %d in aud", claims.AuthorizedParty, len(token.Audience))
	case token.IssuedAt.IsZero(), token.IssuedAt.After(now.Add(clockSkew)):
		return Identity{}, errors.New("the ID token has no iat or one in the future")
	case !isSubject(token.Subject):
		return Identity{}, errors.New("the ID token has no valid subject")
	case flow.MaxAge > 0 && (now.Sub(identity.AuthTime) >= freshFor || identity.AuthTime.After(now.Add(clockSkew))):
		return Identity{}, ErrAuthTime
	}
	return identity, nil
}

// isSubject reports whether s is a subject that every database stores unchanged. A
// replacement character may stand for any invalid byte: two subjects would become one.
func isSubject(s string) bool {
	return s != "" && len(s) <= 255 && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar })
}

// keySet records whether the keys could not be fetched. The verifier does not wrap that
// error, so it looks like a wrong signature.
type keySet struct {
	remote      *goidc.RemoteKeySet
	unreachable bool
}

func (k *keySet) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	payload, err := k.remote.VerifySignature(ctx, jwt)
	_, k.unreachable = errors.AsType[*url.Error](err)
	return payload, err
}
