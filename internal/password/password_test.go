package password

import (
	"context"
	"runtime"
	"strings"
	"testing"

	"github.com/alexedwards/argon2id"
	"github.com/stretchr/testify/require"
)

var hasher = NewHasher()

func TestHasher_UsesOWASPsMinimum(t *testing.T) {
	digest, err := hasher.Hash(t.Context(), Place{}, "four random words work well")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(digest, "$argon2id$v=19$m=19456,t=2,p=1$"), digest)
	params, salt, key, err := argon2id.DecodeHash(digest)
	require.NoError(t, err)
	require.Equal(t, hashParams, params)
	require.Len(t, salt, 16)
	require.Len(t, key, 32)
	again, err := hasher.Hash(t.Context(), Place{}, "four random words work well")
	require.NoError(t, err)
	require.NotEqual(t, digest, again, "the salt repeats")
}

// Prevents user enumeration by timing.
func TestHasher_AbsentDigestNeverMatches(t *testing.T) {
	params, _, _, err := argon2id.DecodeHash(absentDigest(hashParams))
	require.NoError(t, err)
	require.Equal(t, hashParams, params)
	for _, digest := range []string{absentDigest(hashParams), ""} {
		for _, typed := range []string{"", "four random words work well"} {
			match, outdated, err := hasher.Verify(t.Context(), Place{}, typed, digest)
			require.NoError(t, err)
			require.False(t, match)
			require.False(t, outdated)
		}
	}
}

func TestHasher_TestDigestsAreOutdated(t *testing.T) {
	digest, err := NewTestHasher().Hash(t.Context(), Place{}, "four random words work well")
	require.NoError(t, err)
	for want, h := range map[bool]*Hasher{false: NewTestHasher(), true: hasher} {
		match, outdated, err := h.Verify(t.Context(), Place{}, "four random words work well", digest)
		require.NoError(t, err)
		require.True(t, match)
		require.Equal(t, want, outdated)
		match, _, err = h.Verify(t.Context(), Place{}, "four random words work well", "")
		require.NoError(t, err)
		require.False(t, match)
	}
}

// Without a digest, Verify also hashes: it waits for a core, which a cancelled context does
// not get, and allocates the memory of one hash.
func TestHasher_AbsentDigestIsHashed(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := new(Hasher).Verify(cancelled, Place{}, "x", "")
	require.ErrorIs(t, err, ErrBusy)

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err = hasher.Verify(t.Context(), Place{}, "x", "")
	require.NoError(t, err)
	runtime.ReadMemStats(&after)
	require.EqualValues(t, hashParams.Memory>>10, (after.TotalAlloc-before.TotalAlloc)>>20, "MiB")
}

func TestHasher_ReportsOutdatedDigests(t *testing.T) {
	lesser := *hashParams
	lesser.Iterations = 1
	digest, err := argon2id.CreateHash("four random words work well", &lesser)
	require.NoError(t, err)
	match, outdated, err := hasher.Verify(t.Context(), Place{}, "four random words work well", digest)
	require.NoError(t, err)
	require.True(t, match)
	require.True(t, outdated)
}

func TestHasher_EveryCharacterCounts(t *testing.T) {
	password := strings.Repeat("Zażółć gęślą jaźń ", 7)[:120]
	digest, err := hasher.Hash(t.Context(), Place{}, password)
	require.NoError(t, err)
	for typed, want := range map[string]bool{
		password:                  true,
		password + " ":            false,
		strings.ToLower(password): false,
		password[:72]:             false, // all that bcrypt would read
		password[:119]:            false,
		"":                        false,
	} {
		match, _, err := hasher.Verify(t.Context(), Place{}, typed, digest)
		require.NoError(t, err)
		require.Equal(t, want, match, "%q", typed)
	}
}

func TestHasher_RejectsAbsurdParameters(t *testing.T) {
	for _, digest := range []string{
		"$argon2id$v=19$m=4294967295,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=19456,t=4294967295,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$2a$10$notargon2id",
	} {
		_, _, err := hasher.Verify(t.Context(), Place{}, "x", digest)
		require.Error(t, err, digest)
	}
}

func TestHasher_OneHashPerCore(t *testing.T) {
	hasher := NewHasher()
	var release []func()
	for range runtime.GOMAXPROCS(0) {
		done, err := hasher.wait(t.Context(), Place{})
		require.NoError(t, err)
		release = append(release, done)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for range 3 {
		_, err := hasher.Hash(cancelled, Place{}, "x")
		require.ErrorIs(t, err, ErrBusy, "more hashes than cores")
	}
	waiting := make(chan error, 1)
	go func() {
		_, err := hasher.Hash(t.Context(), Place{}, "x")
		waiting <- err
	}()
	for _, done := range release {
		done()
	}
	require.NoError(t, <-waiting)
	require.Equal(t, runtime.GOMAXPROCS(0), hasher.cores)
}
