package web

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// Errors and responses with a cookie are for one client only.
func TestKeepPages_OnlyPagesForAllClients(t *testing.T) {
	answers := []func(w http.ResponseWriter, r *http.Request){
		func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) },
		func(w http.ResponseWriter, _ *http.Request) {
			http.Redirect(w, &http.Request{}, "/elsewhere", http.StatusFound)
		},
		func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Set-Cookie", "a=b")
			fmt.Fprint(w, "cookie")
		},
		func(w http.ResponseWriter, _ *http.Request) { panic("kept from the client") },
		func(w http.ResponseWriter, r *http.Request) { // an error after the response has begun
			fmt.Fprint(w, "half")
			if Info(r.Context()).Started() {
				panic(http.ErrAbortHandler)
			}
		},
	}
	for i, answer := range answers {
		rendered, fixed := 0, false
		h := keepPages(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rendered++
			if fixed {
				fmt.Fprint(w, "fixed ", r.Header.Get("Accept-Language"))
				return
			}
			answer(w, r)
		}), Pages{Paths: []string{"/page"}, SessionCookie: "session", Language: func(*http.Request) string { return "tlh" }})
		get := func() (w *httptest.ResponseRecorder) {
			w = httptest.NewRecorder()
			defer func() { recover() }()
			h.ServeHTTP(w, httptest.NewRequest("GET", "/page", nil))
			return w
		}
		for range 2 {
			require.Empty(t, get().Header().Get("ETag"), i)
		}
		fixed, rendered = true, 0
		for range 3 {
			w := get()
			body, _ := io.ReadAll(w.Result().Body)
			require.Equal(t, "fixed tlh", string(body))
			require.NotEmpty(t, w.Header().Get("ETag"))
		}
		require.Equal(t, 1, rendered, "rendered once")
	}
}

func TestKeepPages_KeepTheAppsHeaders(t *testing.T) {
	app := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Link", "</app.css>; rel=preload")
		w.Header().Del("X-Frame-Options")
		AllowSource(w.Header(), "font-src", "'self'")
		if r.URL.Path == "/nonce" {
			AllowSource(w.Header(), "script-src", "'nonce-r4nd0m'")
		}
		fmt.Fprint(w, "page")
	})
	s := serve(t, app, func(o *Options) {
		o.Pages = Pages{Paths: []string{"/page", "/nonce"}, Language: func(*http.Request) string { return "en" }}
	})
	for range 2 {
		res, _ := send(t, s, "GET", "/page", "")
		require.NotEmpty(t, res.Header.Get("ETag"))
		require.Equal(t, "text/html", res.Header.Get("Content-Type"))
		require.Equal(t, "</app.css>; rel=preload", res.Header.Get("Link"))
		require.Empty(t, res.Header.Get("X-Frame-Options"))
		require.Equal(t, "nosniff", res.Header.Get("X-Content-Type-Options"))
		require.Equal(t, []string{string(DefaultPolicy.Allow("font-src", "'self'"))}, res.Header.Values("Content-Security-Policy"))
	}
	res, _ := send(t, s, "GET", "/nonce", "")
	require.Empty(t, res.Header.Get("ETag"), "a nonce is for one response")
}

func TestKeepPages_MayKeepTheRoot(t *testing.T) {
	s := serve(t, echo, func(o *Options) {
		o.Pages = Pages{Paths: []string{"/"}, Language: func(*http.Request) string { return "en" }}
	})
	res, _ := send(t, s, "GET", "/", "")
	require.NotEmpty(t, res.Header.Get("ETag"))
}
