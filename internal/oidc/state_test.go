package oidc_test

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/internal/oidc"
	"corral/internal/oidc/oidctest"
	"corral/internal/secret"
)

// db is a database with the table of package once.
var db *pop.Connection

func TestMain(m *testing.M) {
	apptest.MainWithTables(m, &db, fstest.MapFS{"20260101000000_create_used_challenges.up.fizz": {Data: []byte(`
		create_table("used_challenges") {
			t.Column("id", "uuid", {primary: true})
			t.Column("digest", "blob", {})
			t.Column("expires_at", "timestamp", {})
			t.DisableTimestamps()
		}
		add_index("used_challenges", "digest", {unique: true})
	`)}})
}

// statesAt returns States whose clock the test can move.
func statesAt(now *time.Time, secrets ...string) oidc.States {
	return oidc.States{Secrets: secret.NewRing("shop", secrets), Now: func() time.Time { return *now }}
}

func TestStates_Open(t *testing.T) {
	now := time.Now()
	states, state := statesAt(&now, "old"), oidc.State{Flow: confirming(), Provider: "one", Purpose: "link", BoundTo: "ada's session", Next: "/account?a=1"}
	sealed := states.Seal(state, "browser")
	require.Regexp(t, `^[\w-]+$`, sealed)
	require.NotEqual(t, sealed, states.Seal(state, "browser"))
	opened, err := states.Open(sealed, "one", "browser")
	require.NoError(t, err)
	require.Equal(t, []any{state.Flow, "one", "link", "ada's session", "/account?a=1"},
		[]any{opened.Flow, opened.Provider, opened.Purpose, opened.BoundTo, opened.Next})
	require.True(t, now.Add(oidc.StateLifetime).Equal(opened.ExpiresAt))
	_, err = statesAt(&now, "new", "old").Open(sealed, "one", "browser")
	require.NoError(t, err, "the operator replaced the secret")

	unbound := states.Seal(state, "") // sealed for a browser without a cookie
	for name, open := range map[string]func() (*oidc.State, error){
		"none":             func() (*oidc.State, error) { return states.Open("", "one", "browser") },
		"not base64":       func() (*oidc.State, error) { return states.Open(sealed+"!", "one", "browser") },
		"cut off":          func() (*oidc.State, error) { return states.Open(sealed[:len(sealed)-4], "one", "browser") },
		"another secret":   func() (*oidc.State, error) { return statesAt(&now, "new").Open(sealed, "one", "browser") },
		"another provider": func() (*oidc.State, error) { return states.Open(sealed, "two", "browser") },
		"another browser":  func() (*oidc.State, error) { return states.Open(sealed, "one", "other") },
		"no browser":       func() (*oidc.State, error) { return states.Open(unbound, "one", "") },
		"too old": func() (*oidc.State, error) {
			now = now.Add(oidc.StateLifetime)
			return states.Open(sealed, "one", "browser")
		},
	} {
		before := now
		_, err := open()
		now = before
		require.ErrorIs(t, err, oidc.ErrState, name)
	}
	now = now.Add(oidc.StateLifetime - time.Second)
	_, err = states.Open(sealed, "one", "browser")
	require.NoError(t, err)
}

func TestState_Redeem(t *testing.T) {
	now := time.Now()
	states := statesAt(&now, "secret")
	for range 2 { // two logins of one browser
		sealed := states.Seal(oidc.State{Flow: oidc.NewFlow(), Provider: "one"}, "browser")
		for use := range 2 {
			state, err := states.Open(sealed, "one", "browser")
			require.NoError(t, err)
			err = state.Redeem(db)
			require.Equal(t, use == 0, err == nil)
			if err != nil {
				require.ErrorIs(t, err, oidc.ErrState)
			}
			marks, err := db.Where("digest = ? AND expires_at >= ?", secret.TokenDigest(state.Flow.Nonce), state.ExpiresAt).Count("used_challenges")
			require.NoError(t, err)
			require.Equal(t, 1, marks, "the mark is kept as long as the state is valid")
		}
	}
}

// A state that was used before refuses the code: the provider is not asked.
func TestProvider_Complete(t *testing.T) {
	issuer := oidctest.New(t)
	p := newProvider(issuer)
	state := &oidc.State{Flow: oidc.NewFlow(), ExpiresAt: time.Now().Add(oidc.StateLifetime)}
	answer := begin(t, p, state.Flow)
	identity, err := p.Complete(t.Context(), db, state, answer)
	require.NoError(t, err)
	require.Equal(t, "ada", identity.Subject)
	asked := issuer.Served(oidctest.TokenPath)
	_, err = p.Complete(t.Context(), db, state, answer)
	require.ErrorIs(t, err, oidc.ErrState)
	require.NotErrorIs(t, err, oidc.ErrAnswer)
	require.Equal(t, asked, issuer.Served(oidctest.TokenPath))

	state = &oidc.State{Flow: oidc.NewFlow(), ExpiresAt: time.Now().Add(oidc.StateLifetime)}
	_, err = p.Complete(t.Context(), db, state, oidc.Answer{Error: "access_denied", Iss: issuer.URL})
	require.ErrorIs(t, err, oidc.ErrAnswer)
	require.ErrorIs(t, err, oidc.ErrCancelled)
}
