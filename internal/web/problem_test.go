package web

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gorilla/mux"
	"github.com/stretchr/testify/require"
)

func TestProblem(t *testing.T) {
	w := httptest.NewRecorder()
	WriteProblem(w, 404, "", nil)
	require.Equal(t, 404, w.Code)
	require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
	require.JSONEq(t, `{"type": "about:blank", "title": "Not Found", "status": 404}`, w.Body.String())

	w = httptest.NewRecorder()
	WriteProblem(w, 422, `"<é>"`, map[string]string{"email": "no email", "password": "too short"})
	var problem struct {
		Detail string
		Errors map[string][]string
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &problem))
	require.Equal(t, `"<é>"`, problem.Detail)
	require.Equal(t, map[string][]string{"email": {"no email"}, "password": {"too short"}}, problem.Errors)

	w = httptest.NewRecorder()
	WriteProblemWith(w, 404, "unknown", map[string]any{"forget": true})
	require.JSONEq(t, `{"type": "about:blank", "title": "Not Found", "status": 404, "detail": "unknown", "forget": true}`, w.Body.String())
}

func TestWantsJSON(t *testing.T) {
	for accept, want := range map[string]bool{
		"": false, "*/*": false, "text/html": false, "application/json": true, "application/problem+json, */*": true, "Application/JSON": true,
		"text/html,application/json;q=0.9": false, "application/json, text/html": false, "text/html;q=0, application/json": true, "text/html; q=0.0 ,application/json;q=0.5": true,
		"application/json;q=0": false, "text/html;q=0.01,application/json": false,
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept", accept)
		require.Equal(t, want, WantsJSON(r), accept)
	}
	for header, value := range map[string]string{"Authorization": "Bearer x", "Content-Type": "application/json; charset=utf-8"} {
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("Accept", "*/*")
		r.Header.Set(header, value)
		require.True(t, WantsJSON(r), header)
		r.Header.Set("Accept", "text/html")
		require.False(t, WantsJSON(r), header)
	}
}

func TestAllowedMethods(t *testing.T) {
	router := mux.NewRouter()
	router.Path("/page").Methods("GET")
	router.Path("/form").Methods("GET")
	router.Path("/form").Methods("POST")
	router.Path("/things/{id}").Methods("DELETE")
	router.PathPrefix("/").Handler(http.NotFoundHandler()) // as ServeFiles adds
	for path, want := range map[string][]string{
		"/page": {"GET", "HEAD"}, "/form": {"GET", "HEAD", "POST"}, "/things/7": {"DELETE"}, "/nothing": nil,
	} {
		require.Equal(t, want, AllowedMethods(router, httptest.NewRequest("PATCH", path, nil)), path)
	}
}
