package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

const (
	immutable = "public, max-age=31536000, immutable"
	style     = "body{}body{}body{}"
)

// serveAssets serves files and waits until they are compressed.
func serveAssets(t *testing.T, files fstest.MapFS) (*httptest.Server, *Assets) {
	t.Helper()
	assets, err := LoadAssets(files, false)
	require.NoError(t, err)
	s := serve(t, http.NotFoundHandler(), func(o *Options) { o.Assets = assets })
	assets.compress.Do(assets.compressFiles)
	return s, assets
}

func pathOf(t *testing.T, assets *Assets, name string) string {
	t.Helper()
	path, err := assets.Path(name)
	require.NoError(t, err)
	return path
}

func TestAssets(t *testing.T) {
	s, assets := serveAssets(t, fstest.MapFS{"app.css": {Data: []byte(strings.Repeat("body{}", 100))}, "embed.go": {Data: []byte("package assets")}})
	path := pathOf(t, assets, "app.css")
	for accept, encoding := range map[string]string{"": "", "gzip": "gzip", "gzip, br": "br", "br;q=0, gzip": "gzip", "identity": "", "BR": "br"} {
		res, _ := send(t, s, "GET", path, "", "Accept-Encoding", accept)
		require.Equal(t, 200, res.StatusCode)
		require.Equal(t, encoding, res.Header.Get("Content-Encoding"), accept)
		require.Equal(t, immutable, res.Header.Get("Cache-Control"))
		require.Equal(t, "text/css; charset=utf-8", res.Header.Get("Content-Type"))
		require.Equal(t, "Accept-Encoding", res.Header.Get("Vary"))
	}
	for _, missing := range []string{
		"/assets", "/assets/", "/assets/app.css", path + "x", "/assets/" + strings.Repeat("x", 300), "/assets/../main.go", "/assets/%2e%2e/main.go",
		"/assets/none.0123456789abcdef.css", "/assets/app.0123456789ABCDEF.css", "/assets/app.0123456789abcde.css", "/favicon.ico", "/assets/../app.0123456789abcdef.css",
	} {
		res, _ := send(t, s, "GET", missing, "")
		require.Equal(t, 404, res.StatusCode, missing)
	}
	_, err := assets.Path("embed.go")
	require.ErrorContains(t, err, "there is no asset", "Go files are not served")
	res, _ := send(t, s, "POST", path, "a=1")
	require.Equal(t, 405, res.StatusCode)
	require.Equal(t, "GET, HEAD", res.Header.Get("Allow"))
}

func TestAssets_AppMayServeWhatIsMissing(t *testing.T) {
	for _, live := range []bool{false, true} {
		assets, err := LoadAssets(fstest.MapFS{"app.css": {Data: []byte(style)}}, live)
		require.NoError(t, err)
		s := serve(t, echo, func(o *Options) { o.Assets = assets })
		for _, path := range []string{"/robots.txt", "/favicon.ico", "/assets", "/assets/mine.js", "/assets/none.0123456789abcdef.css"} {
			_, body := send(t, s, "GET", path, "")
			require.Equal(t, "GET "+path+" ", body)
		}
		res, _ := send(t, s, "POST", "/robots.txt", "a=1", "Sec-Fetch-Site", "cross-site")
		require.Equal(t, 403, res.StatusCode)
	}
}

func TestAssets_PathAndTypeOfAnyFile(t *testing.T) {
	files := fstest.MapFS{"favicon.ico": {Data: []byte(style)}, "robots.txt": {Data: []byte(style)}, "embed.go": {Data: []byte("package assets")}}
	names := map[string]string{
		"css/app.css": "text/css; charset=utf-8", "js/app.js": "text/javascript; charset=utf-8", "js/lib/app.min.mjs": "text/javascript; charset=utf-8", "js/app.js.map": "application/json",
		"fonts/a.woff2": "font/woff2", "fonts/a.woff": "font/woff", "fonts/a.ttf": "font/ttf", "fonts/a.OTF": "font/otf",
		"images/deep/er/a.svg": "image/svg+xml", "images/a.png": "image/png", "images/a.avif": "image/avif", "images/a.webp": "image/webp",
		"data/a.json": "application/json", "app.wasm": "application/wasm", "site.webmanifest": "application/manifest+json",
		"media/a.mp4": "video/mp4", "media/a.webm": "video/webm", "docs/a.pdf": "application/pdf",
		"_app/_a.js": "text/javascript; charset=utf-8", "LICENSE": "application/octet-stream", "docs/100% of a #1?.unknown": "application/octet-stream",
	}
	for name := range names {
		files[name] = &fstest.MapFile{Data: []byte(style)}
	}
	s, assets := serveAssets(t, files)
	for name, contentType := range names {
		path := pathOf(t, assets, name)
		require.Regexp(t, `^/assets/[^ ?#]+\.[0-9a-f]{16}(\.\w+)?$`, path)
		res, body := send(t, s, "GET", path, "")
		require.Equal(t, 200, res.StatusCode, path)
		require.Equal(t, contentType, res.Header.Get("Content-Type"), name)
		require.Equal(t, immutable, res.Header.Get("Cache-Control"))
		require.Equal(t, style, body)
	}
	for _, path := range []string{"/favicon.ico", "/robots.txt"} {
		require.Equal(t, path, pathOf(t, assets, path[1:]))
		res, _ := send(t, s, "GET", path, "")
		require.Equal(t, 200, res.StatusCode)
		require.Equal(t, "public, max-age=86400", res.Header.Get("Cache-Control"))
	}
	for _, name := range []string{"embed.go", "none.css", "css", ""} {
		_, err := assets.Path(name)
		require.ErrorContains(t, err, "there is no asset "+name)
	}
}

func TestAssets_HiddenFilesAreNotServed(t *testing.T) {
	files := fstest.MapFS{".DS_Store": {Data: []byte(style)}, "css/.app.css.swp": {Data: []byte(style)}, ".git/config": {Data: []byte(style)}}
	for _, live := range []bool{false, true} {
		assets, err := LoadAssets(files, live)
		require.NoError(t, err)
		s := serve(t, http.NotFoundHandler(), func(o *Options) { o.Assets = assets })
		for name := range files {
			_, err := assets.Path(name)
			require.ErrorContains(t, err, "there is no asset "+name)
			ext := filepath.Ext(name)
			res, _ := send(t, s, "GET", "/assets/"+strings.TrimSuffix(name, ext)+".0123456789abcdef"+ext, "")
			require.Equal(t, 404, res.StatusCode, name)
		}
	}
}

// During a rolling update, pages of one release load files of another.
func TestAssets_UnknownDigestIsServedUncached(t *testing.T) {
	s, _ := serveAssets(t, fstest.MapFS{"css/app.css": {Data: []byte(style)}, "media/a.mp4": {Data: []byte(style)}, "LICENSE": {Data: []byte(style)}})
	for _, path := range []string{"/assets/css/app.0123456789abcdef.css", "/assets/media/a.0123456789abcdef.mp4", "/assets/LICENSE.0123456789abcdef"} {
		res, body := send(t, s, "GET", path, "")
		require.Equal(t, 200, res.StatusCode)
		require.Equal(t, "no-store", res.Header.Get("Cache-Control"))
		require.Equal(t, style, body)
	}
}

func TestAssets_CompressionDoesNotDelayRequests(t *testing.T) {
	text := []byte(strings.Repeat("body{}", 100))
	files := fstest.MapFS{"a.css": {Data: text}, "a.png": {Data: text}, "a.woff2": {Data: text}, "a.mp4": {Data: text}, "tiny.css": {Data: []byte("a")}}
	encodings := func(s *httptest.Server, assets *Assets) string {
		var all []string
		for _, name := range []string{"a.css", "a.png", "a.woff2", "a.mp4", "tiny.css"} {
			res, _ := send(t, s, "GET", pathOf(t, assets, name), "", "Accept-Encoding", "br")
			require.Equal(t, 200, res.StatusCode)
			all = append(all, res.Header.Get("Content-Encoding"))
		}
		return strings.Join(all, ",")
	}
	assets, err := LoadAssets(files, false)
	require.NoError(t, err)
	assets.compress.Do(func() {}) // prevents compression, as if it took very long
	require.Equal(t, ",,,,", encodings(serve(t, http.NotFoundHandler(), func(o *Options) { o.Assets = assets }), assets))
	require.Equal(t, "br,,,,", encodings(serveAssets(t, files)))

	assets, err = LoadAssets(files, false)
	require.NoError(t, err)
	encodings(serve(t, http.NotFoundHandler(), func(o *Options) { o.Assets = assets }), assets)
	<-assets.compressed // serve has started the compression
	live, err := LoadAssets(files, true)
	require.NoError(t, err)
	require.Equal(t, ",,,,", encodings(serve(t, echo, func(o *Options) { o.Assets = live }), live))
}

func TestAssets_LiveServesEditsAtOnce(t *testing.T) {
	dir := t.TempDir()
	edit := func(text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "app.css"), []byte(text), 0o600))
	}
	edit("a{}")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "css"), 0o700))
	require.NoError(t, os.Symlink("loop.css", filepath.Join(dir, "loop.css"))) // cannot be read: 500
	assets, err := LoadAssets(os.DirFS(dir), true)
	require.NoError(t, err)
	s := serve(t, http.NotFoundHandler(), func(o *Options) { o.Assets = assets })
	before := pathOf(t, assets, "app.css")
	edit("b{}")
	after := pathOf(t, assets, "app.css")
	require.NotEqual(t, before, after)
	for path, cache := range map[string]string{before: "no-store", after: immutable} {
		res, body := send(t, s, "GET", path, "")
		require.Equal(t, "b{}", body)
		require.Equal(t, cache, res.Header.Get("Cache-Control"))
	}
	for path, status := range map[string]int{
		"/assets/none.0123456789abcdef.css": 404, "/assets/../app.0123456789abcdef.css": 404, "/assets/embed.0123456789abcdef.go": 404, "/favicon.ico": 404, "/assets/css.0123456789abcdef": 404,
		"/assets/" + strings.Repeat("a", 300) + ".0123456789abcdef.css": 404, "/assets/loop.0123456789abcdef.css": 500,
	} {
		res, _ := send(t, s, "GET", path, "")
		require.Equal(t, status, res.StatusCode, path)
	}
}

func TestAssets_RangeOfThePlainFile(t *testing.T) {
	content := strings.Repeat("0123456789", 100)
	s, assets := serveAssets(t, fstest.MapFS{"a.mp4": {Data: []byte(content)}, "a.css": {Data: []byte(content)}})
	for _, name := range []string{"a.mp4", "a.css"} {
		path := pathOf(t, assets, name)
		res, body := send(t, s, "GET", path, "", "Range", "bytes=5-9", "Accept-Encoding", "br")
		require.Equal(t, 206, res.StatusCode, name)
		require.Equal(t, "bytes 5-9/1000", res.Header.Get("Content-Range"))
		require.Equal(t, "56789", body)
		require.Equal(t, immutable, res.Header.Get("Cache-Control"))
		etag := res.Header.Get("ETag")
		for ifRange, want := range map[string]int{etag: 206, `"other"`: 200} {
			res, _ := send(t, s, "GET", path, "", "Range", "bytes=-10", "If-Range", ifRange)
			require.Equal(t, want, res.StatusCode, fmt.Sprint(name, ifRange))
		}
		res, _ = send(t, s, "GET", path, "", "Range", "bytes=2000-")
		require.Equal(t, 416, res.StatusCode)
	}
	res, body := send(t, s, "GET", pathOf(t, assets, "a.mp4"), "", "Accept-Encoding", "br")
	require.Equal(t, "bytes", res.Header.Get("Accept-Ranges"))
	require.Equal(t, content, body)
}
