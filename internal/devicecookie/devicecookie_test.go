package devicecookie_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/internal/clock"
	"corral/internal/devicecookie"
	"corral/internal/secret"
)

// migrations creates the table in the package comment.
var migrations = fstest.MapFS{"20260101000000_create_device_cookies.up.fizz": {Data: []byte(`
	create_table("device_cookies") {
		t.Column("id", "uuid", {primary: true})
		t.Column("user_id", "uuid", {})
		t.Column("token_digest", "blob", {})
		t.Column("created_at", "timestamp", {})
		t.Column("expires_at", "timestamp", {})
		t.Column("skips_until", "timestamp", {"null": true})
		t.Column("skip_version", "integer", {default: 0})
		t.Column("ip", "string", {size: 45, default: ""})
		t.Column("user_agent", "string", {size: 255, default: ""})
		t.DisableTimestamps()
	}
	add_index("device_cookies", "token_digest", {unique: true})
`)}}

var db *pop.Connection

func TestMain(m *testing.M) { apptest.MainWithTables(m, &db, migrations) }

const day = 24 * time.Hour

type fixture struct {
	*testing.T
	clock    clock.Clock
	store    devicecookie.Store
	ada, bob uuid.UUID
}

func newFixture(t *testing.T) *fixture {
	apptest.Empty(t, db)
	f := &fixture{T: t, ada: uuid.Must(uuid.NewV7()), bob: uuid.Must(uuid.NewV7())}
	f.clock.Stop()
	f.store = devicecookie.Store{Now: f.clock.Now, Lifetime: 180 * day, Skip: 30 * day}
	return f
}

func (f *fixture) issue(userID uuid.UUID) (raw string) {
	f.Helper()
	return f.issueAfter(userID, "")
}

func (f *fixture) issueAfter(userID uuid.UUID, before string) (raw string) {
	f.Helper()
	raw, err := f.store.Issue(db, userID, before)
	require.NoError(f, err)
	return raw
}

func (f *fixture) known(raw string) bool {
	f.Helper()
	digest, err := f.store.Known(db, raw)
	require.NoError(f, err)
	return digest != nil
}

// is requires that err is nil, and returns holds.
func (f *fixture) is(holds bool, err error) bool {
	f.Helper()
	require.NoError(f, err)
	return holds
}

func (f *fixture) of(userID uuid.UUID) int {
	f.Helper()
	list, err := f.store.Of(db, userID)
	require.NoError(f, err)
	return len(list)
}

func TestStore_KnowsTheBrowserOfOneAccount(t *testing.T) {
	f := newFixture(t)
	require.False(t, f.is(f.store.Any(db, f.ada)))
	raw := f.issue(f.ada)
	token, err := base64.RawURLEncoding.DecodeString(raw)
	require.NoError(t, err)
	require.Len(t, token, 32)
	require.True(t, f.known(raw))
	require.True(t, f.is(f.store.Renew(db, f.ada, raw)))
	require.False(t, f.is(f.store.Renew(db, f.bob, raw)))
	for _, other := range []string{"", "x"} {
		require.False(t, f.known(other))
		require.False(t, f.is(f.store.Renew(db, f.ada, other)))
	}
	require.Equal(t, []int{1, 0}, []int{f.of(f.ada), f.of(f.bob)})
}

// Beyond a hundred browsers, the oldest that logged in once is forgotten.
func TestStore_KnowsAHundredBrowsers(t *testing.T) {
	f := newFixture(t)
	issue := func(n int) (cookies []string) {
		for range n {
			f.clock.Move(time.Second)
			cookies = append(cookies, f.issue(f.ada))
		}
		return cookies
	}
	renew := func(cookies []string) {
		f.clock.Move(time.Second)
		for _, raw := range cookies {
			require.True(t, f.is(f.store.Renew(db, f.ada, raw)))
		}
	}
	first := issue(100)
	renew(first[:1])
	second := issue(1)
	require.Equal(t, []bool{true, false, true, true}, []bool{f.known(first[0]), f.known(first[1]), f.known(first[2]), f.known(second[0])})
	require.Equal(t, 100, f.of(f.ada))

	renew(append(first[2:], second...))
	require.Empty(t, f.issue(f.ada), "all have logged in twice")
	require.Equal(t, first[0], f.issueAfter(f.ada, first[0]))
	require.True(t, f.known(first[0]))
	require.Equal(t, 100, f.of(f.ada))
	require.NotEmpty(t, f.issue(f.bob))
}

// A copy of the former cookie is void, for this account only.
func TestStore_Replace(t *testing.T) {
	f := newFixture(t)
	bobs := f.issue(f.bob)
	shared := f.issueAfter(f.ada, bobs)
	raw, err := f.store.Replace(db, f.ada, shared)
	require.NoError(t, err)
	require.False(t, f.is(f.store.Renew(db, f.ada, shared)))
	require.True(t, f.is(f.store.Renew(db, f.ada, raw)))
	require.True(t, f.is(f.store.Renew(db, f.bob, raw)))
	require.Equal(t, []int{1, 1}, []int{f.of(f.ada), f.of(f.bob)})
}

func TestStore_ReplaceMakesRoom(t *testing.T) {
	f := newFixture(t)
	for f.of(f.ada) < 100 {
		raw := f.issue(f.ada)
		f.clock.Move(time.Second)
		require.True(t, f.is(f.store.Renew(db, f.ada, raw)))
	}
	bobs := f.issue(f.bob)
	raw, err := f.store.Replace(db, f.ada, bobs)
	require.NoError(t, err)
	require.True(t, f.is(f.store.Renew(db, f.ada, raw)))
	require.True(t, f.is(f.store.Renew(db, f.bob, raw)))
	require.Equal(t, []int{1, 1}, []int{f.of(f.ada), f.of(f.bob)})
}

// A browser is known to the last three of four accounts that logged in.
func TestStore_AccountsShareABrowser(t *testing.T) {
	f := newFixture(t)
	var users []uuid.UUID
	raw := ""
	for range 4 {
		users = append(users, uuid.Must(uuid.NewV7()))
		raw = f.issueAfter(users[len(users)-1], raw)
		require.Less(t, len(raw), 150)
	}
	require.NoError(t, f.store.StartSkip(db, users[1], 7, raw, "192.0.2.1", "Firefox"))
	for i, user := range users {
		require.Equal(t, i > 0, f.is(f.store.Renew(db, user, raw)))
		require.Equal(t, i == 1, f.is(f.store.Skips(db, user, 7, raw)))
	}
	require.NoError(t, f.store.Void(db, users[3]))
	require.True(t, f.known(raw))
	require.False(t, f.known(strings.Split(raw, ".")[0]), "the token of users[3]")
	require.False(t, f.known("x.x.x."+raw), "at most three tokens count")
}

// Dead tokens of an account must not take the places of other accounts.
func TestStore_ResetsLeaveOtherAccountsKnown(t *testing.T) {
	f := newFixture(t)
	bob, cem := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	raw := f.issueAfter(bob, f.issueAfter(cem, ""))
	for range 3 {
		require.NoError(t, f.store.Void(db, f.ada))
		raw = f.issueAfter(f.ada, raw)
	}
	for _, user := range []uuid.UUID{f.ada, bob, cem} {
		require.True(t, f.is(f.store.Renew(db, user, raw)))
	}
}

func TestStore_LifetimeStartsAgain(t *testing.T) {
	f := newFixture(t)
	raw := f.issue(f.ada)
	for range 2 {
		f.clock.Move(180*day - time.Second)
		require.True(t, f.is(f.store.Renew(db, f.ada, raw)))
	}
	f.clock.Move(180 * day)
	for range 2 {
		require.False(t, f.is(f.store.Renew(db, f.ada, raw)))
		require.False(t, f.known(raw))
		f.clock.Move(time.Second)
	}
	require.Zero(t, f.of(f.ada))
	require.True(t, f.is(f.store.Any(db, f.ada)))
}

func TestStore_Forget(t *testing.T) {
	f := newFixture(t)
	other := f.issue(f.ada)
	adas := f.issue(f.ada)
	shared, err := f.store.Issue(db, f.bob, adas)
	require.NoError(t, err)
	require.NoError(t, f.store.Forget(db, f.ada, shared))
	require.NoError(t, f.store.Forget(db, f.ada, ""))
	for raw, known := range map[string]bool{adas: false, shared: true, other: true} {
		require.Equal(t, known, f.known(raw))
	}
	require.Equal(t, []int{1, 1}, []int{f.of(f.ada), f.of(f.bob)})
}

func TestStore_Void(t *testing.T) {
	f := newFixture(t)
	first, second, bobsCookie := f.issue(f.ada), f.issue(f.ada), f.issue(f.bob)
	require.NoError(t, f.store.Void(db, f.ada))
	for raw, known := range map[string]bool{first: false, second: false, bobsCookie: true} {
		require.Equal(t, known, f.known(raw))
	}
}

// skip lets a browser skip ada's second step.
func (f *fixture) skip(raw string, version int) {
	f.Helper()
	require.NoError(f, f.store.StartSkip(db, f.ada, version, raw, "192.0.2.1", "Firefox"))
}

func TestStore_SkipsForOneAccountAndVersion(t *testing.T) {
	f := newFixture(t)
	raw, plain := f.issue(f.ada), f.issue(f.ada)
	f.skip(raw, 7)
	require.True(t, f.is(f.store.Skips(db, f.ada, 7, raw)))
	require.False(t, f.is(f.store.Skips(db, f.ada, 7, plain)))
	require.False(t, f.is(f.store.Skips(db, f.ada, 8, raw)))
	require.False(t, f.is(f.store.Skips(db, f.bob, 7, raw)))
	f.clock.Move(30 * day)
	require.False(t, f.is(f.store.Skips(db, f.ada, 7, raw)))
}

func TestStore_SkipsOnlyFromABrowserOfTheAccount(t *testing.T) {
	f := newFixture(t)
	bobsCookie := f.issue(f.bob)
	f.skip(bobsCookie, 1)
	require.False(t, f.is(f.store.Skips(db, f.bob, 1, bobsCookie)))
}

func TestStore_EndSkips(t *testing.T) {
	f := newFixture(t)
	raws := []string{f.issue(f.ada), f.issue(f.ada), f.issue(f.ada)}
	for _, raw := range raws {
		f.skip(raw, 1)
		f.clock.Move(time.Minute)
	}
	list, err := f.store.Skipping(db, f.ada, 1)
	require.NoError(t, err)
	require.Len(t, list, 3)
	require.True(t, list[0].SkipsUntil.Time.After(list[1].SkipsUntil.Time), "newest first")
	require.Equal(t, "192.0.2.1 Firefox", list[0].IP+" "+list[0].UserAgent)

	ended := func(n int, err error) int {
		require.NoError(t, err)
		return n
	}
	require.Zero(t, ended(f.store.EndSkip(db, f.bob, 1, list[0].ID)))
	require.Zero(t, ended(f.store.EndSkip(db, f.ada, 1, uuid.Nil)))
	require.Equal(t, 1, ended(f.store.EndSkip(db, f.ada, 1, list[0].ID)))
	require.False(t, f.is(f.store.Skips(db, f.ada, 1, raws[2])))
	require.Equal(t, 2, ended(f.store.EndSkips(db, f.ada, 1)))
	require.Zero(t, ended(f.store.EndSkips(db, f.ada, 1)))
	list, err = f.store.Of(db, f.ada)
	require.NoError(t, err)
	for _, c := range list {
		require.Empty(t, c.IP+c.UserAgent, "kept for the list of skips only")
	}
	require.True(t, f.known(raws[0]))
}

// Failures of a browser count under one digest, whichever account it logged in to last.
func TestKnown_IsTheOldest(t *testing.T) {
	f := newFixture(t)
	first := f.issue(f.ada)
	digest, err := f.store.Known(db, f.issueAfter(f.bob, first))
	require.NoError(t, err)
	require.Equal(t, secret.TokenDigest(first), digest)
}

func TestKnown_ToAnAccount(t *testing.T) {
	f := newFixture(t)
	raw := f.issue(f.ada)
	digest, err := f.store.Known(db, raw, f.ada)
	require.NoError(t, err)
	require.Equal(t, secret.TokenDigest(raw), digest)
	digest, err = f.store.Known(db, raw, f.bob)
	require.NoError(t, err)
	require.Nil(t, digest)
}
