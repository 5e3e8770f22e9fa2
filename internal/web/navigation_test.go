package web

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIsNavigation(t *testing.T) {
	for _, test := range []struct {
		header, value string
		want          bool
	}{
		{"User-Agent", "curl/8.5", true},
		{"Accept", "*/*", true},
		{"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true},
		{"Accept", "Text/HTML; charset=utf-8", true},
		{"Accept", "application/xml, text/*;q=0.5", true},
		{"Accept", "application/html", true},
		{"Accept", "application/json", false},
		{"Accept", "application/xml", false},
		{"Accept", "text/event-stream", false},
		{"Accept", "image/avif,image/webp", false},
		{"Sec-Fetch-Mode", "navigate", true},
		{"Sec-Fetch-Mode", "cors", false},
		{"Sec-Fetch-Mode", "no-cors", false},
		{"Sec-Fetch-Mode", "same-origin", false},
		{"Sec-Fetch-Mode", "websocket", false},
		{"X-Requested-With", "XMLHttpRequest", false},
		{"Sec-Purpose", "prefetch", false},
		{"Sec-Purpose", "prefetch;prerender", false},
		{"Purpose", "prefetch", false},
		{"X-Moz", "prefetch", false},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set(test.header, test.value)
		require.Equal(t, test.want, IsNavigation(r), "%s: %s", test.header, test.value)
	}
}
