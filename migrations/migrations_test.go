package migrations

import (
	"io/fs"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// `buffalo pop generate sql` writes migrations that are no fizz.
func TestFiles_AnyFormat(t *testing.T) {
	files, err := os.ReadDir(".")
	require.NoError(t, err)
	for _, file := range files {
		_, err := fs.Stat(Files, file.Name())
		require.NoError(t, err)
	}
}
