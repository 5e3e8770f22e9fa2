package actions

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestErrors_RefusedFormInJSON(t *testing.T) {
	b := newSite(t).browser()
	b.Header.Set("Accept", "application/json")
	b.Header.Set("Accept-Language", anotherLanguage())
	text := T.In(anotherLanguage())
	form := url.Values{"email": {"ada@example.com"}, "password": {"wrong"}}
	for range 4 {
		b.Post("/login", form)
	}
	for _, want := range []struct {
		status     int
		retryAfter string
		detail     string
	}{
		{422, "", text("login.invalid")},
		{429, "1", waitMessage(text, 1)},
	} {
		a := b.Post("/login", form)
		require.Equal(t, want.status, a.StatusCode)
		require.Equal(t, "application/problem+json", a.Header.Get("Content-Type"))
		require.Equal(t, want.retryAfter, a.Header.Get("Retry-After"))
		require.JSONEq(t, fmt.Sprintf(`{"type":"about:blank","title":%q,"status":%d,"detail":%q}`, http.StatusText(want.status), want.status, want.detail), a.Page)
	}
}
