package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/mux"
)

// ProblemType is the content type of a Problem.
const ProblemType = "application/problem+json"

// Problem returns a problem (RFC 9457). detail is a message, or "".
func Problem(status int, detail string) []byte {
	b, _ := json.Marshal(struct { // cannot fail
		Type   string `json:"type"`
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail,omitempty"`
	}{"about:blank", http.StatusText(status), status, detail})
	return b
}

// WantsJSON reports whether to answer with JSON: the client accepts it, but not
// HTML, or sends JSON or credentials.
func WantsJSON(r *http.Request) bool {
	accept := strings.ToLower(strings.Join(r.Header.Values("Accept"), ","))
	if strings.Contains(accept, "text/html") {
		return false
	}
	return strings.Contains(accept, "json") || r.Header.Get("Authorization") != "" || strings.Contains(strings.ToLower(r.Header.Get("Content-Type")), "json")
}

// AllowedMethods returns the methods routed at the request's path, for the
// Allow header of a 405.
func AllowedMethods(router *mux.Router, r *http.Request) []string {
	var allowed []string
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		probe := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		if match := new(mux.RouteMatch); router.Match(probe, match) && match.MatchErr == nil {
			allowed = append(allowed, method)
		}
	}
	if slices.Contains(allowed, "GET") {
		allowed = slices.Insert(allowed, 1, "HEAD")
	}
	return allowed
}
