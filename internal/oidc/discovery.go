package oidc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	goidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// discoveryLifetime limits how long the app trusts a key after the provider has
// withdrawn it.
const discoveryLifetime = time.Hour

// asymmetric lists the accepted signature algorithms of ID tokens. With HS256, an
// attacker could forge a token with the client secret. The algorithm none needs no secret.
var asymmetric = []string{
	goidc.RS256, goidc.RS384, goidc.RS512, goidc.PS256, goidc.PS384, goidc.PS512,
	goidc.ES256, goidc.ES384, goidc.ES512, goidc.EdDSA,
}

// metadata is read from the provider's discovery document.
type metadata struct {
	oauth2     oauth2.Config
	keys       *goidc.RemoteKeySet
	algorithms []string
	sendsIss   bool // every answer has the parameter iss: RFC 9207
	expires    time.Time
}

// Discover reports whether the provider can be used.
func (p *Provider) Discover(ctx context.Context) error {
	_, err := p.discover(ctx)
	return err
}

// discover returns metadata that was fetched within the last hour, or fetches it.
// Concurrent callers share one request, which continues when their contexts end. After an
// error, the next call fetches again.
func (p *Provider) discover(ctx context.Context) (*metadata, error) {
	if m := p.known(); m != nil {
		return m, nil
	}
	fetched := p.discovery.DoChan("", func() (any, error) {
		if m := p.known(); m != nil { // fetched by an earlier call meanwhile
			return m, nil
		}
		m, err := p.fetch()
		if err == nil {
			p.metadata.Store(m)
		}
		return m, err
	})
	select {
	case <-ctx.Done():
		return nil, unavailable(ctx.Err())
	case result := <-fetched:
		if result.Err != nil {
			return nil, unavailable(result.Err)
		}
		return result.Val.(*metadata), nil
	}
}

func (p *Provider) known() *metadata {
	if m := p.metadata.Load(); m != nil && p.Now().Before(m.expires) {
		return m
	}
	return nil
}

func (p *Provider) fetch() (*metadata, error) {
	ctx := goidc.ClientContext(context.Background(), p.client)
	found, err := goidc.NewProvider(ctx, p.Issuer) // checks that the document is of this issuer
	if err != nil {
		return nil, err
	}
	var document struct {
		Keys        string   `json:"jwks_uri"`
		Algorithms  []string `json:"id_token_signing_alg_values_supported"`
		AuthMethods []string `json:"token_endpoint_auth_methods_supported"`
		SendsIss    bool     `json:"authorization_response_iss_parameter_supported"`
	}
	if err := found.Claims(&document); err != nil {
		return nil, err
	}
	endpoint := found.Endpoint()
	for _, target := range []string{endpoint.AuthURL, endpoint.TokenURL, document.Keys} {
		if err := p.checkEndpoint(target); err != nil {
			return nil, err
		}
	}
	algorithms := slices.DeleteFunc(document.Algorithms, func(a string) bool { return !slices.Contains(asymmetric, a) })
	if len(algorithms) == 0 { // for an empty list, go-oidc accepts RS256
		return nil, errors.New("the provider lists no asymmetric algorithm for ID tokens")
	}
	// Without a list, the method is client_secret_basic (OpenID Connect Discovery, 3).
	// oauth2 would detect the method by sending a code twice.
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if len(document.AuthMethods) > 0 && !slices.Contains(document.AuthMethods, "client_secret_basic") {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &metadata{
		oauth2: oauth2.Config{
			ClientID: p.ClientID, ClientSecret: p.ClientSecret, RedirectURL: p.RedirectURL,
			Endpoint: endpoint, Scopes: []string{goidc.ScopeOpenID, goidc.ScopeEmail},
		},
		keys:       goidc.NewRemoteKeySet(ctx, document.Keys),
		algorithms: algorithms,
		sendsIss:   document.SendsIss,
		expires:    p.Now().Add(discoveryLifetime),
	}, nil
}

// checkEndpoint prevents sending codes and the client secret unencrypted, and
// redirecting users to a URL of another scheme, such as javascript. Only an issuer
// with plain http, for tests, may have endpoints with plain http.
func (p *Provider) checkEndpoint(target string) error {
	plain := strings.HasPrefix(p.Issuer, "http://") && strings.HasPrefix(target, "http://")
	if !plain && !strings.HasPrefix(target, "https://") {
		return fmt.Errorf("the provider's endpoint %.100q is not https", target)
	}
	return nil
}
