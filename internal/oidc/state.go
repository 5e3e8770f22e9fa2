package oidc

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gobuffalo/pop/v6"

	"corral/internal/once"
	"corral/internal/secret"
)

// StateLifetime is how long a login at the provider may take.
const StateLifetime = 10 * time.Minute

// ErrState means that the login is too old or was finished, or that this browser did not
// begin it with this provider.
var ErrState = errors.New("the state is refused")

// ErrNoSecret wraps ErrState: the state is genuine, but the browser has no secret, as without cookies.
var ErrNoSecret = fmt.Errorf("%w: the browser has no secret", ErrState)

// A State is a login that has begun. It travels to the provider and back, encrypted, in the
// parameter state of OAuth 2.0. No row stores it, so that clients that are not logged in cannot
// fill a table. Each tab has its own.
type State struct {
	Flow     Flow   `json:"flow"`
	Provider string `json:"provider"` // its ID in the app
	Purpose  string `json:"purpose"`
	BoundTo  string `json:"bound_to,omitempty"` // such as the session that links or confirms; "" for a login
	Next     string `json:"next,omitempty"`     // the page to redirect to after the login, or ""

	// Seal sets these.
	BrowserDigest []byte    `json:"browser"` // of browserSecret
	ExpiresAt     time.Time `json:"expires"`
}

// States seals and opens states.
type States struct {
	Secrets secret.Ring
	Now     func() time.Time
}

const statePurpose = "provider states" // of the keys that seal states

// Seal returns the state encrypted. browserSecret, which the browser keeps in an encrypted
// cookie, binds the state to the browser: prevents logging a victim in to the attacker's account.
func (s States) Seal(state State, browserSecret string) string {
	state.BrowserDigest, state.ExpiresAt = secret.TokenDigest(browserSecret), s.Now().Add(StateLifetime)
	plain, _ := json.Marshal(state) // cannot fail
	return base64.RawURLEncoding.EncodeToString(s.Secrets.Seal(statePurpose, plain))
}

// Open decrypts the state of an answer, or returns ErrState. provider is the ID of the
// provider whose RedirectURL got the answer. The caller must check Purpose and BoundTo.
func (s States) Open(sealed, provider, browserSecret string) (*State, error) {
	encrypted, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return nil, fmt.Errorf("%w: it is damaged", ErrState)
	}
	plain, err := s.Secrets.Open(statePurpose, encrypted)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrState, err)
	}
	state := &State{}
	if err := json.Unmarshal(plain, state); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrState, err)
	}
	switch {
	case browserSecret == "":
		return nil, ErrNoSecret
	case !bytes.Equal(state.BrowserDigest, secret.TokenDigest(browserSecret)):
		return nil, fmt.Errorf("%w: it is another browser's", ErrState)
	case state.Provider != provider: // prevents a mix-up: the code would be from another provider
		return nil, fmt.Errorf("%w: it is another provider's", ErrState)
	case !s.Now().Before(state.ExpiresAt):
		return nil, fmt.Errorf("%w: it is too old", ErrState)
	}
	return state, nil
}

// ErrAnswer means that Finish failed. The error also wraps that of Finish.
var ErrAnswer = errors.New("the provider's answer cannot be used")

// Complete redeems the state, then the code of the answer, and returns the identity. Its
// error is one of Redeem, or an ErrAnswer. tx must not be an open transaction: see Redeem.
func (p *Provider) Complete(ctx context.Context, tx *pop.Connection, state *State, answer Answer) (Identity, error) {
	if err := state.Redeem(tx); err != nil {
		return Identity{}, err
	}
	identity, err := p.Finish(ctx, state.Flow, answer)
	if err != nil {
		return Identity{}, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	return identity, nil
}

// Redeem marks the state as used, on all nodes, and returns ErrState if it was used
// before. It needs the table of package once. Call it before Finish, in a transaction of
// its own: a login that fails must not roll back the mark.
func (s *State) Redeem(tx *pop.Connection) error {
	err := once.Use(tx, secret.TokenDigest(s.Flow.Nonce), s.ExpiresAt)
	if errors.Is(err, once.ErrUsed) {
		return fmt.Errorf("%w: it was used before", ErrState)
	}
	return err
}
