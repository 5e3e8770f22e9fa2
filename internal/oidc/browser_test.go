package oidc_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/internal/oidc"
	"corral/internal/oidc/oidctest"
)

// session is the oidc.Session of a browser.
type session map[any]any

func (s session) Get(key any) any    { return s[key] }
func (s session) Set(key, value any) { s[key] = value }

func TestStates_Begin(t *testing.T) {
	issuer := oidctest.New(t)
	one, two := newProvider(issuer, func(c *oidc.Config) { c.ID = "one" }), newProvider(issuer, func(c *oidc.Config) { c.ID = "two" })
	now := time.Now()
	states, ada, eve := statesAt(&now, "secret"), session{}, session{}
	begin := func(s session) (sealed string) {
		location, err := states.Begin(t.Context(), s, one, oidc.State{Flow: oidc.NewFlow(), Purpose: "login"})
		require.NoError(t, err)
		return browser(t, location).Get("state")
	}
	first, second := begin(ada), begin(ada)
	for _, sealed := range []string{first, second} { // two tabs
		state, err := states.OpenFor(ada, one, sealed)
		require.NoError(t, err)
		require.Equal(t, "one login", state.Provider+" "+state.Purpose)
	}
	_, err := states.OpenFor(ada, two, first)
	require.ErrorIs(t, err, oidc.ErrState)
	_, err = states.OpenFor(eve, one, first)
	require.ErrorIs(t, err, oidc.ErrState)
	begin(eve)
	_, err = states.OpenFor(eve, one, first)
	require.ErrorIs(t, err, oidc.ErrState)
}

func TestProviders_Find(t *testing.T) {
	one, two := oidc.New(oidc.Config{ID: "one", Issuer: "https://one.example"}), oidc.New(oidc.Config{ID: "two", Issuer: "https://two.example"})
	providers := oidc.Providers{one, two}
	require.Same(t, two, providers.ByID("two"))
	require.Same(t, one, providers.ByIssuer("https://one.example"))
	for _, unknown := range []string{"", "three"} {
		require.Nil(t, providers.ByID(unknown))
		require.Nil(t, providers.ByIssuer(unknown))
	}
}

func TestMessageKey(t *testing.T) {
	for err, want := range map[error]string{
		oidc.ErrUnavailable: "unavailable", oidc.ErrCancelled: "cancelled", oidc.ErrAuthTime: "auth_time", oidc.ErrState: "state",
		errors.New("the answer has no code"): "refused",
	} {
		require.Equal(t, "provider."+want, oidc.MessageKey(fmt.Errorf("logging in: %w", err)))
	}
}
