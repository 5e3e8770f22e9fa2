package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFromOwnPage(t *testing.T) {
	for _, c := range []struct {
		site, referer string
		secure, want  bool
	}{
		{site: "same-origin", want: true},
		{site: "same-origin", referer: "https://evil.example/", want: true}, // a page cannot set Sec-Fetch-Site
		{site: "same-site"}, {site: "cross-site"}, {site: "none"},
		{site: "cross-site", referer: "http://shop.example/"},
		{},
		{referer: "http://shop.example/login?next=/", want: true},
		{referer: "https://shop.example/", secure: true, want: true},
		{referer: "http://shop.example/", secure: true},
		{referer: "https://shop.example/"},
		{referer: "http://shop.example:81/"}, {referer: "http://evil.example/shop.example"}, {referer: "shop.example"}, {referer: "http://%zz"},
	} {
		r := httptest.NewRequest(http.MethodGet, "http://shop.example/auth/x", nil)
		r = r.WithContext(context.WithValue(r.Context(), infoKey{}, &RequestInfo{Secure: c.secure}))
		if c.site != "" {
			r.Header.Set("Sec-Fetch-Site", c.site)
		}
		if c.referer != "" {
			r.Header.Set("Referer", c.referer)
		}
		require.Equal(t, c.want, FromOwnPage(r), c)
	}
}
