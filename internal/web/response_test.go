package web

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestResponse_LocationHasNoTrailingSlash(t *testing.T) {
	for location, want := range map[string]string{
		"/login/": "/login", "/login/?next=%2Fa%2F": "/login?next=%2Fa%2F", "/": "/", "/?x=/": "/?x=/",
		"https://other.example/path/": "https://other.example/path/", // another site's
	} {
		w := httptest.NewRecorder()
		http.Redirect(newResponse(t.Context(), w), httptest.NewRequest("GET", "/", nil), location, http.StatusFound)
		require.Equal(t, want, w.Header().Get("Location"))
	}
}
