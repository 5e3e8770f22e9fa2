package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/mux"
	"github.com/stretchr/testify/require"
)

func TestWithNext(t *testing.T) {
	require.Equal(t, "/login", WithNext("/login", ""))
	require.Equal(t, "/login?next=%2Fa%3Fb%3D1%26c%3D%2522", WithNext("/login", "/a?b=1&c=%22"))
}

func TestPageOf(t *testing.T) {
	for target, want := range map[string]string{
		"/": "/", "/a": "/a", "/a/": "/a", "/a/?b=1": "/a?b=1", "/a%2Fb/": "/a%2Fb", "//evil.example": "", "/" + strings.Repeat("a", 2000): "",
	} {
		require.Equal(t, want, PageOf(httptest.NewRequest("GET", "http://example.com"+target, nil)), target)
	}
}

func TestPageBefore(t *testing.T) {
	routes := mux.NewRouter()
	for path, method := range map[string]string{"/login/": "GET", "/account/": "GET", "/account/password/": "PUT", "/a/links/{id}/": "DELETE"} {
		routes.Handle(path, http.NotFoundHandler()).Methods(method)
	}
	routes.PathPrefix("/").Handler(http.NotFoundHandler()) // as ServeFiles adds
	long := WithNext("/login", "/account?q="+strings.Repeat("%E6", 90))
	require.Greater(t, len(long), maxLocalPath)
	for referer, want := range map[string]string{
		"http://example.com/login": "/login", "http://example.com" + long: long, "http://example.com/login/?next=%2Faccount&x=1": "/login?next=%2Faccount",
		"http://example.com/login?next=//evil.example": "/login", "http://example.com/account/password?x=1": "/account", "http://example.com/a/links/1?x=1": "/",
		"http://example.com/login?q=crew&page=2": "/login?q=crew&page=2", "http://example.com/login?q=" + strings.Repeat("a", 400): "/login", "http://example.com/login?q=ü": "/login",
		"http://example.com/?page=2": "/?page=2", "http://example.com/": "/", "http://example.com": "/", "http://evil.example/login": "", "http://example.com//evil.example": "", "/login": "", "%": "", "": "",
	} {
		r := httptest.NewRequest("PUT", "http://example.com/account/password", nil)
		r.Header.Set("Referer", referer)
		require.Equal(t, want, PageBefore(routes, r), referer)
	}
}
