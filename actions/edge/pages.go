package edge

import (
	"bytes"
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Pages say which pages are the same for everybody who has no session, so that
// each is rendered once a language and release.
type Pages struct {
	Paths         []string // without the slash at the end; none in development
	SessionCookie string   // whoever sends it, good or bad, is answered by the app
	Language      func(*http.Request) string
}

// keptPage is such a page, as the app wrote it.
type keptPage struct {
	contentType []string
	bodies
}

type pageKey struct{ path, language string }

// Header values that every kept page shares. Nothing is ever written into them.
var (
	revalidate = []string{"no-cache"} // kept by the browser, asked for each time
	pageVary   = []string{"Cookie, Accept-Language, Accept-Encoding"}
)

// keepPages answers for the pages that are the same for everybody, and passes
// everything else on. They hold no secret, so they may be compressed.
func keepPages(app http.Handler, o Pages) http.Handler {
	var kept sync.Map // pageKey → *keptPage: as many as there are paths and languages
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimSuffix(r.URL.Path, "/") // Buffalo treats /x and /x/ alike
		if r.Method != http.MethodGet || r.URL.RawQuery != "" || !slices.Contains(o.Paths, path) || len(r.CookiesNamed(o.SessionCookie)) > 0 {
			app.ServeHTTP(w, r)
			return
		}
		key := pageKey{path, o.Language(r)}
		page, ok := kept.Load(key)
		if !ok {
			fresh := renderPage(app, r.Context(), key)
			if fresh == nil {
				app.ServeHTTP(w, r) // an error page, say, is for this visitor alone
				return
			}
			page, _ = kept.LoadOrStore(key, fresh)
		}
		From(r.Context()).Route = path
		page.(*keptPage).write(w, r)
	})
}

// renderPage has the app render a page for a request that says nothing of its
// visitor but the language: what one of them sends can never reach another. It
// returns nil when the answer is not for everybody.
func renderPage(app http.Handler, ctx context.Context, key pageKey) *keptPage {
	r := (&http.Request{
		Method: http.MethodGet, URL: &url.URL{Path: key.path}, RequestURI: key.path,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: http.NoBody,
		Header: http.Header{"Accept-Language": {key.language}},
	}).WithContext(ctx)
	w := &recorder{header: http.Header{}}
	app.ServeHTTP(w, r)
	if w.status != http.StatusOK || w.header.Get("Set-Cookie") != "" {
		return nil
	}
	return &keptPage{w.header["Content-Type"], newBodies(w.body.Bytes(), true)}
}

// recorder keeps an answer instead of sending it.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header         { return w.header }
func (w *recorder) WriteHeader(status int)      { w.status = cmp.Or(w.status, status) }
func (w *recorder) Write(b []byte) (int, error) { w.WriteHeader(http.StatusOK); return w.body.Write(b) }

func (p *keptPage) write(w http.ResponseWriter, r *http.Request) {
	body := p.smallest(r)
	h := w.Header()
	h["Cache-Control"], h["Etag"], h["Vary"] = revalidate, body.etag, pageVary
	if matches(r.Header["If-None-Match"], body.etag[0]) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h["Content-Type"] = p.contentType
	body.write(w)
}

// matches says whether If-None-Match names the entity tag (RFC 9110, 13.1.2).
func matches(header []string, etag string) bool {
	for _, list := range header {
		for _, one := range strings.Split(list, ",") {
			if one = strings.TrimPrefix(strings.TrimSpace(one), "W/"); one == etag || one == "*" {
				return true
			}
		}
	}
	return false
}
