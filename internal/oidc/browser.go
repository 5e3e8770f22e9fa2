package oidc

import (
	"context"
	"errors"
	"slices"

	"corral/internal/secret"
)

// Providers are the providers of an app.
type Providers []*Provider

// ByID returns the provider with an ID, or nil.
func (ps Providers) ByID(id string) *Provider {
	return ps.find(func(p *Provider) bool { return p.ID == id })
}

// ByIssuer returns the provider with an issuer, or nil.
func (ps Providers) ByIssuer(issuer string) *Provider {
	return ps.find(func(p *Provider) bool { return p.Issuer == issuer })
}

func (ps Providers) find(is func(p *Provider) bool) *Provider {
	if i := slices.IndexFunc(ps, is); i >= 0 {
		return ps[i]
	}
	return nil
}

// A Session holds what a browser keeps, encrypted. An example is *buffalo.Session.
type Session interface {
	Get(key any) any
	Set(key, value any)
}

// browserKey is the key, in a Session, of the secret that binds states to the browser. All
// tabs share the secret.
const browserKey = "browser"

// Begin sets the state's Provider, seals the state, and returns the URL to redirect the
// session's browser to.
func (s States) Begin(ctx context.Context, session Session, p *Provider, state State) (location string, err error) {
	browserSecret, ok := session.Get(browserKey).(string)
	if !ok {
		browserSecret = secret.NewToken()
		session.Set(browserKey, browserSecret)
	}
	state.Provider = p.ID
	return p.Begin(ctx, state.Flow, s.Seal(state, browserSecret))
}

// OpenFor is Open for the browser of a session.
func (s States) OpenFor(session Session, p *Provider, sealed string) (*State, error) {
	browserSecret, _ := session.Get(browserKey).(string)
	return s.Open(sealed, p.ID, browserSecret)
}

// MessageKey returns the message key of an error of Begin, OpenFor, Redeem or Finish.
func MessageKey(err error) string {
	switch {
	case errors.Is(err, ErrUnavailable):
		return "provider.unavailable"
	case errors.Is(err, ErrCancelled):
		return "provider.cancelled"
	case errors.Is(err, ErrAuthTime):
		return "provider.auth_time"
	case errors.Is(err, ErrState):
		return "provider.state"
	}
	return "provider.refused"
}
