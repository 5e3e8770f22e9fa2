package actions

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/gobuffalo/buffalo"
	"github.com/gorilla/mux"

	"corral/actions/edge"
	"corral/models"
)

// errorKeys are the statuses that have a page, with the locale key of its text.
var errorKeys = map[int]string{
	http.StatusBadRequest:            "error.bad_request",
	http.StatusUnauthorized:          "error.unauthorized",
	http.StatusForbidden:             "error.forbidden",
	http.StatusNotFound:              "error.not_found",
	http.StatusMethodNotAllowed:      "error.method_not_allowed",
	http.StatusRequestEntityTooLarge: "error.too_large",
	http.StatusUnsupportedMediaType:  "error.unsupported",
	http.StatusMisdirectedRequest:    "error.misdirected",
	http.StatusUnprocessableEntity:   "error.unprocessable",
	http.StatusTooManyRequests:       "error.too_many",
	http.StatusInternalServerError:   "error.internal",
	http.StatusServiceUnavailable:    "error.unavailable",
}

// errDeadLink is a 404 with a page of its own.
var errDeadLink = errors.New("a mailed link is used up, too old or wrong")

// renderError turns what a handler returned into a page. Buffalo calls it for
// every error, with 500 when the handler named no status.
func renderError(status int, err error, c buffalo.Context) error {
	w, req := c.Response(), c.Request()
	switch {
	case models.Unavailable(err):
		status = http.StatusServiceUnavailable
	case status == http.StatusMethodNotAllowed:
		w.Header().Set("Allow", strings.Join(allowedMethods(c), ", "))
	}
	left := models.Unavailable(err) && errors.Is(req.Context().Err(), context.Canceled) // the visitor, not the database
	if status >= http.StatusInternalServerError && !left {
		edge.From(req.Context()).Error(err)
	}
	key := errorKeys[status]
	if errors.Is(err, errDeadLink) {
		key = "error.dead_link"
	}
	language, _ := c.Value("lang").(string) // when the app got so far as to know it
	writeError(w, req, status, key, language)
	return nil
}

// errorPage is renderError for what never reaches the app.
func errorPage(w http.ResponseWriter, req *http.Request, status int) {
	writeError(w, req, status, errorKeys[status], "")
}

// writeError reads no session and asks no database: either may be what failed.
// The flash stays for the next page.
func writeError(w http.ResponseWriter, req *http.Request, status int, key, language string) {
	if key == "" {
		status, key = http.StatusInternalServerError, errorKeys[http.StatusInternalServerError]
	}
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5") // seconds
	}
	data := map[string]any{"lang": languageOf(req, language), "here": ""}
	if req.Method == http.MethodGet { // else there is no page at this address to come back to
		data["here"] = thisPage(req)
	}
	contentType, body := problemType, problem(status, "")
	if !wantsJSON(req) {
		data["title"], data["key"], data["status"] = key+".title", key, status
		if live {
			data["trace"] = edge.From(req.Context()).Trace
		}
		var layout []string
		if status == http.StatusMisdirectedRequest { // under another host's name there is no file and no other page
			data["bare"], layout = true, []string{"bare.plush.html"}
		}
		html, err := r.Bytes("error/show.plush.html", data, layout...)
		if err != nil {
			edge.From(req.Context()).Error(err)
			html = []byte(http.StatusText(status))
		}
		contentType, body = "text/html; charset=utf-8", html
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	w.Write(body) // a visitor who left is no error of ours
}

const problemType = "application/problem+json"

// problem is RFC 9457's description of a status. detail is for the person, or "".
func problem(status int, detail string) []byte {
	b, _ := json.Marshal(struct { // strings and a number cannot fail
		Type   string `json:"type"`
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail,omitempty"`
	}{"about:blank", http.StatusText(status), status, detail})
	return b
}

// refuseForm is for whoever asks for JSON: a status and the sentence of the page.
func refuseForm(c buffalo.Context, status int, sentence string) error {
	w := c.Response()
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(status)
	w.Write(problem(status, sentence)) // a visitor who left is no error of ours
	return nil
}

// wantsJSON says whether the client asks for JSON and not for a page.
func wantsJSON(r *http.Request) bool {
	accept := strings.ToLower(strings.Join(r.Header.Values("Accept"), ","))
	return strings.Contains(accept, "json") && !strings.Contains(accept, "text/html")
}

// allowedMethods are those that the path has a route for.
func allowedMethods(c buffalo.Context) []string {
	app := c.Value("app").(*buffalo.App)
	var allowed []string
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		probe := &http.Request{Method: method, URL: c.Request().URL, Host: c.Request().Host}
		if match := new(mux.RouteMatch); app.Muxer().Match(probe, match) && match.MatchErr == nil {
			allowed = append(allowed, method)
		}
	}
	if slices.Contains(allowed, "GET") {
		allowed = slices.Insert(allowed, 1, "HEAD")
	}
	return allowed
}
