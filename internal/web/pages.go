package web

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Pages says which pages are the same for all clients without a session. Each is
// rendered once per language.
type Pages struct {
	Paths         []string // without a trailing slash; none in development
	SessionCookie string   // a request that has it, valid or not, is answered by the app
	Language      func(*http.Request) string
}

// keptPage is such a page as the app wrote it.
type keptPage struct {
	header http.Header
	bodies
}

type pageKey struct{ path, language string }

// Header values that all kept pages share. Nothing writes into them.
var (
	revalidate = []string{"no-cache"} // kept by the browser, asked for each time
	pageVary   = []string{"Cookie, Accept-Language, Accept-Encoding"}
)

// keepPages answers for the pages that are the same for all, and passes other
// requests on. The pages hold no secret, so compressing them leaks none (BREACH).
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
			fresh := renderPage(app, r.Context(), w.Header(), key)
			if fresh == nil {
				app.ServeHTTP(w, r) // an error page, say, is for this client alone
				return
			}
			page, _ = kept.LoadOrStore(key, fresh)
		}
		Info(r.Context()).Route = path
		page.(*keptPage).write(w, r)
	})
}

// renderPage has the app render a page for a request that holds nothing of the
// client's but the language. Prevents cache poisoning: what one client sends
// cannot reach another. It returns nil if the response is not the same for all:
// an error, a cookie, the nonce of a script. The header is that of every response.
func renderPage(app http.Handler, ctx context.Context, header http.Header, key pageKey) *keptPage {
	r := &http.Request{
		Method: http.MethodGet, URL: &url.URL{Path: key.path}, RequestURI: key.path,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: http.NoBody,
		Header: http.Header{"Accept-Language": {key.language}},
	}
	w := &recorder{header: header.Clone()}
	info := *Info(ctx)
	ctx = context.WithValue(ctx, infoKey{}, &info)
	info.response = newResponse(ctx, w)
	defer info.response.end()
	app.ServeHTTP(info.response, r.WithContext(info.response.context))
	if w.status != http.StatusOK || w.header.Get("Set-Cookie") != "" || strings.Contains(w.header.Get(policyHeader), "'nonce-") {
		return nil
	}
	page := &keptPage{header: w.header, bodies: bodies{plain: newBody(w.body.Bytes(), "")}}
	page.compress() // here, for a page is short
	return page
}

// recorder keeps a response instead of sending it.
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
	id := h["X-Request-Id"]
	clear(h)
	maps.Copy(h, p.header)
	h["X-Request-Id"] = id
	h["Cache-Control"], h["Etag"], h["Vary"] = revalidate, body.etag, pageVary
	if matches(r.Header["If-None-Match"], body.etag[0]) {
		h.Del("Content-Type")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body.write(w)
}

// matches reports whether If-None-Match names the entity tag (RFC 9110, 13.1.2).
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
