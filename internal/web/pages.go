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

// Pages lists kept pages: those that are the same for all clients without a session.
// Each is rendered once for each language.
type Pages struct {
	Paths         []string // without a trailing slash; none in development
	SessionCookie string   // requests with this cookie, even an invalid one, go to the app
	Language      func(*http.Request) string
}

type keptPage struct {
	header http.Header
	encodings
}

type pageKey struct{ path, language string }

// These are header values of all kept pages. They are read-only.
var (
	revalidate = []string{"no-cache"} // browsers keep a page and revalidate it
	pageVary   = []string{"Cookie, Accept-Language, Accept-Encoding"}
)

// keepPages serves the kept pages. They may be compressed, because they contain no
// secret (BREACH).
func keepPages(app http.Handler, o Pages) http.Handler {
	var kept sync.Map // pageKey → *keptPage
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := TrimSlash(r.URL.Path) // /x/ is /x in Buffalo
		if r.Method != http.MethodGet || r.URL.RawQuery != "" || !slices.Contains(o.Paths, path) || len(r.CookiesNamed(o.SessionCookie)) > 0 {
			app.ServeHTTP(w, r)
			return
		}
		key := pageKey{path, o.Language(r)}
		page, ok := kept.Load(key)
		if !ok {
			fresh := renderPage(app, r.Context(), w.Header(), key)
			if fresh == nil {
				app.ServeHTTP(w, r) // the response, such as an error page, must not be kept
				return
			}
			page, _ = kept.LoadOrStore(key, fresh)
		}
		Info(r.Context()).Route = path
		page.(*keptPage).write(w, r)
	})
}

// renderPage renders a page for a request that has only the client's language: prevents
// cache poisoning. It returns nil for a response that is not the same for all clients,
// because it is an error or has a cookie or a script nonce.
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
	page := &keptPage{header: w.header, encodings: encodings{plain: newEncoded(w.body.Bytes(), "")}}
	page.compress()
	return page
}

type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header         { return w.header }
func (w *recorder) WriteHeader(status int)      { w.status = cmp.Or(w.status, status) }
func (w *recorder) Write(b []byte) (int, error) { w.WriteHeader(http.StatusOK); return w.body.Write(b) }

func (p *keptPage) write(w http.ResponseWriter, r *http.Request) {
	body := p.best(r)
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

// matches reports whether If-None-Match contains the ETag (RFC 9110, 13.1.2).
func matches(header []string, etag string) bool {
	for _, list := range header {
		for _, tag := range strings.Split(list, ",") {
			if tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/"); tag == etag || tag == "*" {
				return true
			}
		}
	}
	return false
}
