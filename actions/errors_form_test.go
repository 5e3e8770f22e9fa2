package actions_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// A form that is refused says why in JSON too, in the person's language.
func TestErrors_JSONForARefusedForm(t *testing.T) {
	b := newSite(t).browser()
	b.header.Set("Accept", "application/json")
	b.header.Set("Accept-Language", "de")
	form := url.Values{"email": {"ada@example.com"}, "password": {"wrong"}}
	for range 4 {
		b.post("/login", form)
	}
	for _, want := range []struct {
		status     int
		retryAfter string
		detail     string
	}{
		{422, "", "E-Mail-Adresse oder Passwort ist falsch."},
		{429, "1", "Zu viele Versuche. Bitte warten Sie 1\u00a0Sekunde bis zum nächsten."},
	} {
		a := b.post("/login", form)
		require.Equal(t, want.status, a.StatusCode)
		require.Equal(t, "application/problem+json", a.Header.Get("Content-Type"))
		require.Equal(t, want.retryAfter, a.Header.Get("Retry-After"))
		require.JSONEq(t, fmt.Sprintf(`{"type":"about:blank","title":%q,"status":%d,"detail":%q}`, http.StatusText(want.status), want.status, want.detail), a.page)
	}
}
