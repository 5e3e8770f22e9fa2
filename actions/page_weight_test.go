package actions_test

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/assets"
)

// compressed is the size of files of the app, each by itself, as gzip sends them.
func compressed(t *testing.T, extension string) (size int) {
	t.Helper()
	require.NoError(t, fs.WalkDir(assets.FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != extension {
			return err
		}
		content, err := fs.ReadFile(assets.FS, name)
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
	s := newProductionSite(t)
	fetch := func(path, language, coding string) []byte {
		req, err := http.NewRequest("GET", s.URL+path, nil)
		require.NoError(t, err)
		req.Header.Set("Accept-Language", language)
		req.Header.Set("Accept-Encoding", coding) // set by hand: the client leaves the body as it is
		a := s.do(req)
		require.Equal(t, 200, a.StatusCode, path)
		return []byte(a.page)
	}
	for _, language := range []string{"en-US", "de", "ar", "ja"} {
		total, files := len(fetch("/login", language, "gzip")), 0
		for _, found := range loaded.FindAllSubmatch(fetch("/login", language, "identity"), -1) {
			total += len(fetch(string(found[1]), language, "gzip"))
			files++
		}
		require.Equal(t, 5, files, "stylesheet, icon, mark and two modules")
		require.LessOrEqual(t, total, 20<<10, language)
		t.Logf("%s: %d bytes", language, total)
	}
}
