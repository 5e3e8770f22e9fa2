package web

import (
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func TestAssets_Stylesheet(t *testing.T) {
	files := fstest.MapFS{
		"fonts/a.woff2": {Data: []byte("font")}, "images/a.svg": {Data: []byte("<svg/>")}, "css/b.png": {Data: []byte("png")},
		"css/other.css": {Data: []byte(`@import url(app.css); a{background:url(b.png)}`)},
	}
	before := []string{
		`url(../fonts/a.woff2)`, `url("../fonts/a.woff2?#iefix")`, `url( '../images/a.svg#dot' )`, `url(b.png)`, `url(/assets/fonts/a.woff2)`, `url("other.css")`,
	}
	kept := `url(none.png) url(../../main.go) url(https://a.example/fonts/a.woff2) url(//a.example/b.png) url(data:image/png;base64,AAAA) url(#dot) url(/favicon.ico) url()`
	files["css/app.css"] = &fstest.MapFile{Data: []byte(strings.Join(before, " ") + " " + kept)}
	s, assets := serveAssets(t, files)
	served := []string{
		"fonts/a.woff2", "fonts/a.woff2", "images/a.svg", "css/b.png", "fonts/a.woff2", "css/other.css",
	}
	res, css := send(t, s, "GET", pathOf(t, assets, "css/app.css"), "")
	require.Equal(t, immutable, res.Header.Get("Cache-Control"))
	require.True(t, strings.HasSuffix(css, " "+kept), css)
	found := regexp.MustCompile(`/assets/[^"'?# )]+`).FindAllString(strings.TrimSuffix(css, kept), -1)
	require.Len(t, found, len(served))
	for i, path := range found {
		if name := served[i]; name != "css/other.css" { // the content of other.css depends on the stylesheet that refers to it
			require.Equal(t, pathOf(t, assets, name), path)
		}
		res, _ := send(t, s, "GET", path, "")
		require.Equal(t, 200, res.StatusCode, path)
	}
	require.Contains(t, css, `?#iefix"`)
	require.Contains(t, css, `#dot' )`)
	_, other := send(t, s, "GET", pathOf(t, assets, "css/other.css"), "")
	require.Contains(t, other, "url("+pathOf(t, assets, "css/app.css")[:len("/assets/css/app.")])
}

func TestAssets_StylesheetDigestCoversItsFiles(t *testing.T) {
	var paths []string
	for _, font := range []string{"one", "two"} {
		assets, err := LoadAssets(fstest.MapFS{"app.css": {Data: []byte("url(a.woff2)")}, "a.woff2": {Data: []byte(font)}}, false)
		require.NoError(t, err)
		paths = append(paths, pathOf(t, assets, "app.css"))
	}
	require.NotEqual(t, paths[0], paths[1])
}
