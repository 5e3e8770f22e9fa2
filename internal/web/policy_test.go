package web

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/gobuffalo/buffalo"
	"github.com/stretchr/testify/require"
)

func TestPolicy(t *testing.T) {
	const p Policy = "default-src 'none'; script-src 'self'; object-src 'none'; upgrade-insecure-requests"
	for got, want := range map[Policy]Policy{
		p.Allow("script-src", "https://a.example"):                 "default-src 'none'; script-src 'self' https://a.example; object-src 'none'; upgrade-insecure-requests",
		p.Allow("script-src", "'self'", "data:"):                   "default-src 'none'; script-src 'self' data:; object-src 'none'; upgrade-insecure-requests",
		p.Allow("object-src", "https://a.example"):                 "default-src 'none'; script-src 'self'; object-src https://a.example; upgrade-insecure-requests",
		p.Allow("script-src-elem", "'self'").Without("script-src"): "default-src 'none'; object-src 'none'; upgrade-insecure-requests; script-src-elem 'self'",
		p.Without("nothing"):                                       p,
		Policy(" a b ;; c;").Without("a"):                          "c",
		Policy("").Allow("img-src", "'self'"):                      "img-src 'self'",
		p.Without("upgrade-insecure-requests"):                     "default-src 'none'; script-src 'self'; object-src 'none'",
		p.Allow("img-src").Without("default-src"):                  "script-src 'self'; object-src 'none'; upgrade-insecure-requests; img-src",
	} {
		require.Equal(t, want, got)
	}
	for _, source := range []string{"", "x; script-src *", "x y", "x,y", "x\ty", "x\r\nSet-Cookie: a=b", "\u00a0"} {
		require.Panics(t, func() { p.Allow("img-src", source) }, "%q", source)
	}
}

func TestPolicy_ExtendedForOneResponse(t *testing.T) {
	const nonce, hash = "'nonce-r4nd0m'", "'sha256-jzgBGA4UWFFmpOBq0JpdsySukE1FrEN5bUpoK8Z29fY='"
	widen := map[string]func(http.Header){
		"font":   func(h http.Header) { AllowSource(h, "font-src", "'self'") },
		"image":  func(h http.Header) { AllowSource(h, "img-src", "https://images.example", "data:") },
		"inline": func(h http.Header) { AllowSource(h, "script-src", nonce, hash) },
		"htmx":   func(h http.Header) { DropDirective(h, "require-trusted-types-for") },
		"Alpine": func(h http.Header) {
			DropDirective(h, "require-trusted-types-for")
			AllowSource(h, "script-src", "'unsafe-eval'")
		},
		"plain": func(http.Header) {},
	}
	s := serve(t, newApp("GET", func(c buffalo.Context) error {
		widen[c.Param("page")](c.Response().Header())
		fmt.Fprint(c.Response(), "page")
		return nil
	}))
	relaxed := DefaultPolicy.Without("require-trusted-types-for")
	for page, want := range map[string]Policy{
		"font":   DefaultPolicy.Allow("font-src", "'self'"),
		"image":  DefaultPolicy.Allow("img-src", "https://images.example").Allow("img-src", "data:"),
		"inline": DefaultPolicy.Allow("script-src", nonce, hash),
		"htmx":   relaxed,
		"Alpine": relaxed.Allow("script-src", "'unsafe-eval'"),
		"plain":  DefaultPolicy,
	} {
		res, _ := send(t, s, "GET", "/?page="+page, "")
		require.Equal(t, []string{string(want)}, res.Header.Values("Content-Security-Policy"), page)
		require.Empty(t, res.Header.Get("Cross-Origin-Embedder-Policy"), "it would block images of other sites")
	}
	require.Contains(t, DefaultPolicy, "script-src 'self';")
}

func TestPolicy_ExtendedForTheApp(t *testing.T) {
	policy := DefaultPolicy.Allow("font-src", "'self'")
	s := serve(t, echo, func(o *Options) { o.Policy = policy })
	for _, path := range []string{"/", "/panic"} {
		res, _ := send(t, s, "GET", path, "")
		require.Equal(t, string(policy), res.Header.Get("Content-Security-Policy"))
	}
}
