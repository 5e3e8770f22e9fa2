package pages

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
	"corral/lab/site"
)

// compressed is the size of files of the app, each by itself, as gzip sends them.
func compressed(t *testing.T, extension string) (size int) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(filepath.Join(binary.Root(), "assets"), func(name string, _ fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != extension {
			return err
		}
		content, err := os.ReadFile(name)
		require.NoError(t, err)
		var b bytes.Buffer
		w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
		require.NoError(t, err)
		w.Write(content)
		w.Close()
		size += b.Len()
		return nil
	}))
	require.NotZero(t, size)
	return size
}

func TestPageWeight_Files(t *testing.T) {
	require.LessOrEqual(t, compressed(t, ".css"), 12<<10, "the stylesheet")
	require.LessOrEqual(t, compressed(t, ".js"), 4<<10, "all modules together")
}

// loaded is what a page loads by itself.
var loaded = regexp.MustCompile(`(?:src|<link rel="(?:icon|stylesheet)" href)="(/[^"]+)"`)

// All that a browser fetches to show the login page for the first time, in any language.
func TestPageWeight_Login(t *testing.T) {
	b := site.OpenProduction(t).Browser()
	fetch := func(path, language, coding string) string {
		a := b.Send("GET", path, "", "Accept-Language", language, "Accept-Encoding", coding) // set by hand: the client leaves the body as it is
		require.Equal(t, 200, a.StatusCode, path)
		return a.Page
	}
	for _, language := range []string{"en-US", "de", "ar", "ja"} {
		total, files := len(fetch("/login", language, "gzip")), 0
		for _, found := range loaded.FindAllStringSubmatch(fetch("/login", language, "identity"), -1) {
			total += len(fetch(found[1], language, "gzip"))
			files++
		}
		require.Equal(t, 5, files, "stylesheet, icon, mark and two modules")
		require.LessOrEqual(t, total, 20<<10, language)
		t.Logf("%s: %d bytes", language, total)
	}
}
