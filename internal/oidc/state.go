package oidc

import (
	"bytes"
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

// ErrState means that an answer belongs to no login that this browser began with this
// provider, or to one that is too old or finished.
var ErrState = errors.New("the state is refused")

// A State is a login that began. Sealed, it is the parameter state: it needs no row, so
// that strangers fill no table and two tabs do not disturb each other.
type State struct {
	Flow     Flow   `json:"flow"`
	Provider string `json:"provider"` // the app's name for it
	Purpose  string `json:"purpose"`
	Subject  string `json:"subject,omitempty"` // who it is for, such as a session, or ""
	Next     string `json:"next,omitempty"`    // the page to go to afterwards, or ""

	// Set by Seal.
	Browser   []byte    `json:"browser"` // digest of the browser's secret
	ExpiresAt time.Time `json:"expires"`
}

// States seals and opens states.
type States struct {
	Secrets secret.Ring
	Now     func() time.Time
}

const purposeOfState = "provider states"

// Seal returns the parameter state. RawBrowser is a secret that the browser keeps in an
// encrypted cookie: prevents logging a victim in to the attacker's account.
func (s States) Seal(state State, rawBrowser string) string {
	state.Browser, state.ExpiresAt = secret.TokenDigest(rawBrowser), s.Now().Add(StateLifetime)
	plain, _ := json.Marshal(state) // texts and numbers: never fails
	return base64.RawURLEncoding.EncodeToString(s.Secrets.Seal(purposeOfState, plain))
}

// Open returns the state of an answer that came to the provider's RedirectURL, or
// ErrState. The caller compares Subject, and dispatches on Purpose.
func (s States) Open(sealed, provider, rawBrowser string) (*State, error) {
	encrypted, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return nil, fmt.Errorf("%w: it is damaged", ErrState)
	}
	plain, err := s.Secrets.Open(purposeOfState, encrypted)
	if err != nil {
		return nil, fmt.Errorf("%w: it is forged", ErrState)
	}
	state := &State{}
	if err := json.Unmarshal(plain, state); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrState, err)
	}
	switch {
	case rawBrowser == "", !bytes.Equal(state.Browser, secret.TokenDigest(rawBrowser)):
		return nil, fmt.Errorf("%w: another browser's", ErrState)
	case state.Provider != provider: // prevents mix-up: the code is another provider's
		return nil, fmt.Errorf("%w: another provider's", ErrState)
	case !s.Now().Before(state.ExpiresAt):
		return nil, fmt.Errorf("%w: too old", ErrState)
	}
	return state, nil
}

// Redeem uses the state up, on all nodes. Call it before Finish, in a transaction of
// its own: the code of a failed login must not be tried again. It returns ErrState if
// it was used before, and needs the table of package once.
func (s *State) Redeem(tx *pop.Connection) error {
	err := once.Use(tx, secret.TokenDigest(s.Flow.Nonce), s.ExpiresAt)
	if errors.Is(err, once.ErrUsed) {
		return fmt.Errorf("%w: used before", ErrState)
	}
	return err
}
