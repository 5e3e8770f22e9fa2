// Package oidc lets users log in to an app with an OpenID Connect provider, by the
// authorization code flow with PKCE. It has neither routes nor tables. Package identities,
// below it, stores which identities log in to which accounts.
//
//	provider := oidc.New(oidc.Config{
//		ID: "example", Issuer: "https://accounts.example.com", ClientID: "shop", ClientSecret: secret,
//		RedirectURL: "https://shop.example/auth/example/callback",
//	})
//	states := oidc.States{Secrets: ring, Now: time.Now}
//
//	// The route that leads to the provider:
//	location, err := states.Begin(ctx, c.Session(), provider, oidc.State{Flow: oidc.NewFlow(), Purpose: "login"})
//
//	// The route of RedirectURL:
//	state, err := states.OpenFor(c.Session(), provider, c.Param("state"))
//	answer := oidc.Answer{Code: c.Param("code"), Iss: c.Param("iss"), Error: c.Param("error")}
//	identity, err := provider.Complete(ctx, db, state, answer)
//
// A [State] binds the answer to the browser that began the login, to the provider and to
// the purpose. It works only once. Prevents logging a victim in to the attacker's
// account, and mixing up providers.
//
// Identify an account by the issuer and the subject of an [Identity], not by the
// email, which may be unverified and may change.
//
// The first Begin or Finish fetches the provider's metadata. Each call takes at most
// ten seconds.
package oidc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	goidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"

	"corral/internal/secret"
)

var (
	// ErrUnavailable means that the provider is down, slow or not a provider. A
	// later call may succeed.
	ErrUnavailable = errors.New("the provider is unavailable")

	// ErrCancelled means that the user declined to log in.
	ErrCancelled = errors.New("the user cancelled the login")

	// ErrAuthTime means that the provider does not say that the user logged in to it
	// within the last ten minutes. Many providers never say so.
	ErrAuthTime = errors.New("auth_time is missing or too old")
)

// Config describes a provider, and the app as its client.
type Config struct {
	ID           string // chosen by the app, for paths and states
	Issuer       string // exactly as the provider writes it
	ClientID     string
	ClientSecret string
	RedirectURL  string
	Name         string // shown to users

	Now     func() time.Time // time.Now, if nil
	Timeout time.Duration    // the limit of Begin and of Finish; ten seconds, if 0
}

// A Provider is safe for concurrent use.
type Provider struct {
	Config
	client    *http.Client
	metadata  atomic.Pointer[metadata]
	discovery singleflight.Group
}

// New returns a provider. It does not connect to it.
func New(c Config) *Provider {
	c.Timeout = cmp.Or(c.Timeout, 10*time.Second)
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Provider{Config: c, client: newClient(c.Timeout)}
}

// A Flow is the state of one login between Begin and Finish. It can be stored as JSON.
type Flow struct {
	Verifier string `json:"verifier"` // the PKCE verifier: the code is useless without it
	Nonce    string `json:"nonce"`    // binds the ID token to this flow

	// MaxAge, if positive, asks the provider to log the user in again if the last login
	// is older. Finish then requires an auth_time less than ten minutes old. Set MaxAge
	// to less than ten minutes, so that the user has time to come back.
	MaxAge time.Duration `json:"max_age,omitempty"`
	Prompt string        `json:"prompt,omitempty"` // such as login or select_account, or ""
}

// NewFlow returns a flow with new secrets.
func NewFlow() Flow { return Flow{Verifier: oauth2.GenerateVerifier(), Nonce: secret.NewToken()} }

// Begin returns the URL to redirect the user's browser to.
func (p *Provider) Begin(ctx context.Context, flow Flow, state string) (location string, err error) {
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	m, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(flow.Verifier), goidc.Nonce(flow.Nonce)}
	if flow.MaxAge > 0 {
		options = append(options, oauth2.SetAuthURLParam("max_age", strconv.Itoa(int(flow.MaxAge.Seconds()))))
	}
	if flow.Prompt != "" {
		options = append(options, oauth2.SetAuthURLParam("prompt", flow.Prompt))
	}
	return m.oauth2.AuthCodeURL(state, options...), nil
}

// An Answer is the provider's authorization response (OAuth 2.0): the parameters that it
// adds to RedirectURL, except state.
type Answer struct{ Code, Iss, Error string }

// An Identity is a user of a provider.
type Identity struct {
	Issuer   string
	Subject  string    // 1 to 255 bytes, unique and constant at the issuer
	Email    string    // as claimed: may be another user's, or invalid; "" without a claim
	AuthTime time.Time // when the user logged in to the provider; zero without a claim
}

// Finish redeems the code of an answer and returns the user. Its error wraps
// ErrUnavailable, ErrCancelled or ErrAuthTime, or describes what is wrong with the
// answer, without its secrets.
func (p *Provider) Finish(ctx context.Context, flow Flow, answer Answer) (Identity, error) {
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	m, err := p.discover(ctx)
	if err != nil {
		return Identity{}, err
	}
	if err := p.check(m, flow, answer); err != nil {
		return Identity{}, err
	}
	rawIDToken, err := p.exchange(ctx, m, flow, answer.Code)
	if err != nil {
		return Identity{}, err
	}
	return p.verify(ctx, m, flow, rawIDToken)
}

// check checks the flow and the answer, which the browser sent.
func (p *Provider) check(m *metadata, flow Flow, answer Answer) error {
	switch {
	// Prevents a mix-up: a code must only be sent to the provider that issued it (RFC
	// 9207, 2.4).
	case answer.Iss != p.Issuer && (answer.Iss != "" || m.sendsIss):
		return fmt.Errorf("the answer is of issuer %.100q", answer.Iss)
	case answer.Error == "access_denied":
		return ErrCancelled
	case answer.Error == "server_error", answer.Error == "temporarily_unavailable":
		return unavailable(errors.New(answer.Error))
	case answer.Error != "":
		return fmt.Errorf("the provider answered %.100q", answer.Error)
	case answer.Code == "":
		return errors.New("the answer has no code")
	case flow.Verifier == "", flow.Nonce == "": // an empty nonce would match a token without a nonce
		return errors.New("the flow has no secrets")
	}
	return nil
}

func (p *Provider) exchange(ctx context.Context, m *metadata, flow Flow, code string) (rawIDToken string, err error) {
	token, err := m.oauth2.Exchange(goidc.ClientContext(ctx, p.client), code, oauth2.VerifierOption(flow.Verifier))
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok { // its text may quote secrets
		return "", fmt.Errorf("the token endpoint answered %d %.100q", refused.Response.StatusCode, refused.ErrorCode)
	}
	if err != nil {
		return "", unavailable(err)
	}
	rawIDToken, _ = token.Extra("id_token").(string)
	return rawIDToken, nil
}

// unavailable returns an ErrUnavailable. It cuts the text, which may quote a response.
func unavailable(err error) error { return fmt.Errorf("%w: %.300v", ErrUnavailable, err) }
