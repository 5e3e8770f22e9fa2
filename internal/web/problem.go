package web

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/mux"
)

// WriteProblem writes a problem (RFC 9457). detail is a message, or "". fields has the
// messages about a form's fields, by field name. They become the member errors, in
// Pop's format.
func WriteProblem(w http.ResponseWriter, status int, detail string, fields map[string]string) {
	members := map[string]any{}
	if len(fields) > 0 {
		errors := map[string][]string{}
		for name, message := range fields {
			errors[name] = []string{message}
		}
		members["errors"] = errors
	}
	WriteProblemWith(w, status, detail, members)
}

// WriteProblemWith is WriteProblem with extension members.
func WriteProblemWith(w http.ResponseWriter, status int, detail string, members map[string]any) {
	problem := map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status}
	maps.Copy(problem, members)
	if detail != "" {
		problem["detail"] = detail
	}
	b, _ := json.Marshal(problem) // cannot fail
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	w.Write(b) // ignore write errors: the client is gone
}

// WantsJSON reports whether to answer with JSON. A client that accepts text/html gets HTML.
// Others get JSON if they accept JSON, send JSON, or send an Authorization header.
func WantsJSON(r *http.Request) bool {
	accept := accepted(r)
	if strings.Contains(accept, "text/html") {
		return false
	}
	return strings.Contains(accept, "json") || r.Header.Get("Authorization") != "" || strings.Contains(strings.ToLower(r.Header.Get("Content-Type")), "json")
}

// AllowedMethods returns the methods that have a route for the request's path, for the
// Allow header of a 405.
func AllowedMethods(router *mux.Router, r *http.Request) []string {
	var allowed []string
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		probe := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		match := new(mux.RouteMatch)
		if !router.Match(probe, match) || match.MatchErr != nil {
			continue
		}
		if _, err := match.Route.GetMethods(); err == nil { // not ServeFiles, which takes any path
			allowed = append(allowed, method)
		}
	}
	if slices.Contains(allowed, "GET") {
		allowed = slices.Insert(allowed, 1, "HEAD")
	}
	return allowed
}
