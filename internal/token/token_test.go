package token_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/internal/token"
)

// migrations is the migration in the package comment.
var migrations = fstest.MapFS{"20260101000000_create_tokens.up.fizz": {Data: []byte(`
	create_table("tokens") {
		t.Column("id", "uuid", {primary: true})
		t.Column("purpose", "string", {size: 32})
		t.Column("subject", "string", {size: 254})
		t.Column("number", "integer", {})
		t.Column("token_digest", "blob", {})
		t.Column("email", "string", {size: 254})
		t.Column("user_id", "uuid", {"null": true})
		t.Column("next", "string", {size: 1024})
		t.Column("created_at", "timestamp", {})
		t.Column("expires_at", "timestamp", {})
		t.Column("redeemed", "bool", {})
		t.DisableTimestamps()
	}
	add_index("tokens", "token_digest", {unique: true})
	add_index("tokens", ["purpose", "subject"], {})
`)}}

// db is the database of all tests. Each test begins with newStore, which empties it.
var db *pop.Connection

func TestMain(m *testing.M) { apptest.MainWithTables(m, &db, migrations) }

var ada = token.Token{Purpose: "reset", Subject: "ada@example.com", Email: "ada@example.com"}

// newStore returns a store of an empty table, and the time of its stopped clock.
func newStore(t testing.TB) (token.Store, *time.Time) {
	t.Helper()
	apptest.Empty(t, db)
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	return token.Store{Now: func() time.Time { return now }, Lifetimes: map[string]time.Duration{"reset": time.Hour, "signup": 24 * time.Hour}}, &now
}

func issue(t testing.TB, s token.Store, which token.Token) string {
	t.Helper()
	raw, err := s.Issue(db, which)
	require.NoError(t, err)
	return raw
}

// requireDead requires that raw does not work because it was redeemed, or because it has
// expired.
func requireDead(t testing.TB, s token.Store, raw string, redeemed bool) {
	t.Helper()
	_, err := s.Find(db, raw, "reset")
	dead, ok := errors.AsType[*token.DeadError](err)
	require.True(t, ok, err)
	require.Equal(t, redeemed, dead.Redeemed)
	require.ErrorIs(t, err, token.ErrNotFound)
}

func TestStore_FindsForItsPurposeOnly(t *testing.T) {
	s, _ := newStore(t)
	raw := issue(t, s, ada)
	found, err := s.Find(db, raw, "signup", "reset")
	require.NoError(t, err)
	require.Equal(t, "ada@example.com", found.Email)
	require.NotContains(t, string(found.TokenDigest), raw, "a leaked table redeems nothing")
	_, err = s.Find(db, raw, "signup")
	require.Equal(t, token.ErrNotFound, err)
	for _, wrong := range []string{"", raw[1:], raw + "A", "\x00", strings.Repeat("A", 1<<20), string(found.TokenDigest)} {
		_, err := s.Find(db, wrong, "reset")
		require.Equal(t, token.ErrNotFound, err)
	}
}

func TestStore_TokenExpires(t *testing.T) {
	s, now := newStore(t)
	raw := issue(t, s, ada)
	*now = now.Add(time.Hour - time.Second)
	_, err := s.Find(db, raw, "reset")
	require.NoError(t, err)
	*now = now.Add(time.Second)
	requireDead(t, s, raw, false)
}

// Redeeming a token ends all tokens of its purpose and subject, and no others.
func TestStore_RedeemEndsAllOfASubject(t *testing.T) {
	s, _ := newStore(t)
	bob, signup := ada, ada
	bob.Subject, signup.Purpose = "bob@example.com", "signup"
	first, second, bobs, adasSignup := issue(t, s, ada), issue(t, s, ada), issue(t, s, bob), issue(t, s, signup)
	found, err := s.Find(db, first, "reset")
	require.NoError(t, err)
	require.NoError(t, s.Redeem(db, found))
	requireDead(t, s, first, true)
	requireDead(t, s, second, true)
	for raw, purpose := range map[string]string{bobs: "reset", adasSignup: "signup"} {
		_, err := s.Find(db, raw, purpose)
		require.NoError(t, err)
	}
	require.ErrorIs(t, s.Redeem(db, found), token.ErrNotFound)
}

func TestStore_OneOfTwentyConcurrentUsesSucceeds(t *testing.T) {
	s, _ := newStore(t)
	found, err := s.Find(db, issue(t, s, ada), "reset")
	require.NoError(t, err)
	errs := make(chan error, 20)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			errs <- db.Transaction(func(tx *pop.Connection) error { return s.Redeem(tx, found) })
		})
	}
	all.Wait()
	close(errs)
	successes := 0
	for err := range errs {
		if err == nil {
			successes++
		} else {
			require.ErrorIs(t, err, token.ErrNotFound)
		}
	}
	require.Equal(t, 1, successes)
}

// The lifetime of a token begins when its mail is delivered. If the mail is given up, it
// begins when the token was issued.
func TestStore_Lifetime(t *testing.T) {
	s, now := newStore(t)
	raw := issue(t, s, ada)
	*now = now.Add(9 * time.Hour)
	requireDead(t, s, raw, false)
	works, err := s.Start(db, raw)
	require.NoError(t, err)
	require.True(t, works)
	*now = now.Add(time.Hour - time.Second)
	found, err := s.Find(db, raw, "reset")
	require.NoError(t, err)
	require.NoError(t, s.StartAtIssue(db, raw))
	requireDead(t, s, raw, false)

	_, err = s.Start(db, raw)
	require.NoError(t, err)
	require.NoError(t, s.Redeem(db, found))
	works, err = s.Start(db, raw)
	require.NoError(t, err)
	require.False(t, works, "a redeemed token")
	require.NoError(t, s.StartAtIssue(db, raw))
	requireDead(t, s, raw, true)
	works, err = s.Start(db, "unknown")
	require.NoError(t, err)
	require.False(t, works)
}

// Without a lifetime the token would be dead at once.
func TestStore_PurposeWithoutLifetime(t *testing.T) {
	s, _ := newStore(t)
	_, err := s.Issue(db, token.Token{Purpose: "own", Subject: "ada", Email: "ada@example.com"})
	require.EqualError(t, err, `issuing a token: the purpose "own" has no lifetime`)
}
