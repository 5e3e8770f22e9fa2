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
	"time"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
	"corral/lab/site"
)

// compressed returns the total size of the app's files with an extension, each
// compressed with gzip.
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

func TestPageWeight_FilesAreSmall(t *testing.T) {
	require.LessOrEqual(t, compressed(t, ".css"), 12<<10, "the stylesheet")
	require.LessOrEqual(t, compressed(t, ".js"), 5<<10, "all modules together")
}

// loaded matches the files that a page loads, in its HTML.
var loaded = regexp.MustCompile(`(?:src|<link rel="(?:icon|stylesheet)" href)="(/[^"]+)"`)

func TestPageWeight_LoginIsSmall(t *testing.T) {
	b := site.OpenProduction(t).Browser()
	fetch := func(path, language, coding string) string {
		a := b.Send("GET", path, "", "Accept-Language", language, "Accept-Encoding", coding) // with this header, the client does not decompress the body
		require.Equal(t, 200, a.StatusCode, path)
		return a.Page
	}
	for _, language := range []string{"en-US", "de", "ar", "ja"} {
		files := loaded.FindAllStringSubmatch(fetch("/login", language, "identity"), -1)
		require.Len(t, files, 6, "stylesheet, icon, logo and three modules")
		total := 0
		require.Eventually(t, func() bool { // files are compressed in the background after the start
			total = len(fetch("/login", language, "gzip"))
			for _, found := range files {
				total += len(fetch(found[1], language, "gzip"))
			}
			return total <= 20<<10
		}, time.Minute, 10*time.Millisecond, language)
		t.Logf("%s: %d bytes", language, total)
	}
}
