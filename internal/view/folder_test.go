package view_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"corral/internal/view"
)

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.txt")
	require.NoError(t, os.WriteFile(file, []byte("live"), 0o600))
	embedded := fstest.MapFS{"a.txt": {Data: []byte("embedded")}}
	for _, test := range []struct {
		name string
		live bool
		want string
	}{{dir, true, "live"}, {dir, false, "embedded"}, {file, true, "embedded"}, {filepath.Join(dir, "none"), true, "embedded"}} {
		content, err := fs.ReadFile(view.Folder(test.name, embedded, test.live), "a.txt")
		require.NoError(t, err)
		require.Equal(t, test.want, string(content), test.name)
	}
}
