package secret_test

import (
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/secret"
)

func TestKeep_MakesOnePrivateSecret(t *testing.T) {
	path := filepath.Join(t.TempDir(), "storage", "development.secret")
	first, err := secret.Keep(path, true)
	require.NoError(t, err)
	require.Regexp(t, `^[0-9a-f]{64}$`, first)
	require.Equal(t, os.FileMode(0o700), mode(t, filepath.Dir(path)))
	require.Equal(t, os.FileMode(0o600), mode(t, path))
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1, "nothing else is left behind")

	again, err := secret.Keep(path, true)
	require.NoError(t, err)
	require.Equal(t, first, again)
}

func mode(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	return info.Mode().Perm()
}

// Prevents forged cookies: an attacker can guess a truncated secret.
func TestKeep_RejectsADamagedFile(t *testing.T) {
	for _, content := range []string{"", "3f1d"} {
		path := filepath.Join(t.TempDir(), "development.secret")
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		_, err := secret.Keep(path, true)
		require.EqualError(t, err, path+" is damaged: remove it, and the next start makes another")
	}
}

func TestKeep_CannotBeKept(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "storage")
	require.NoError(t, os.WriteFile(folder, nil, 0o600)) // a file in the place of the folder
	_, err := secret.Keep(filepath.Join(folder, "development.secret"), true)
	require.ErrorContains(t, err, "the development secret cannot be kept: ")
	require.ErrorContains(t, err, "; make "+folder+" writable, or set a secret")
}

// If two processes made different secrets, neither could read the other's sessions and
// mails.
func TestKeep_ConcurrentFirstStarts(t *testing.T) {
	for range 10 {
		path := filepath.Join(t.TempDir(), "storage", "development.secret")
		var all sync.WaitGroup
		secrets := make([]string, 8)
		for i := range secrets {
			all.Go(func() {
				var err error
				if secrets[i], err = secret.Keep(path, true); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		require.Len(t, slices.Compact(secrets), 1)
		require.Len(t, secrets[0], 64)
	}
}

func TestKeep_StoresNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "storage", "development.secret")
	unstored, err := secret.Keep(path, false)
	require.NoError(t, err)
	require.Empty(t, secret.Weakness(unstored))
	require.NoDirExists(t, filepath.Dir(path))

	stored, err := secret.Keep(path, true)
	require.NoError(t, err)
	again, err := secret.Keep(path, false)
	require.NoError(t, err)
	require.Equal(t, stored, again)
}
