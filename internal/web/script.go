package web

import (
	"encoding/json"
	"net/http"

	"github.com/gobuffalo/buffalo"
)

// BindScript is Bind for a route that scripts call with JSON. If the body is no JSON or
// cannot be bound, it answers with a problem and returns false.
func BindScript(c buffalo.Context, form any) bool {
	status := http.StatusUnprocessableEntity
	if !SendsJSON(c.Request()) {
		status = http.StatusUnsupportedMediaType
	} else if err := bindBody(c, form); err == nil {
		return true
	} else if TooLarge(err) {
		status = http.StatusRequestEntityTooLarge
	}
	Info(c).Event("body refused")
	WriteProblem(c.Response(), status, "", nil)
	return false
}

// SendsJSON reports whether the request has a body of JSON.
func SendsJSON(r *http.Request) bool { return mediaType(r) == "application/json" }

// AnswerScript answers with JSON. Unlike c.Render, it writes no cookie and keeps flash
// messages for the next page.
func AnswerScript(c buffalo.Context, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Type", "application/json")
	c.Response().Write(b) // ignore write errors: the client is gone
	return nil
}

// RedirectScript answers with {"location": path}, and saves the session with the flash
// messages for the page at path.
func RedirectScript(c buffalo.Context, status int, path string) error {
	c.Response().Header().Set("Content-Type", "application/json") // otherwise Redirect writes HTML
	if err := c.Redirect(status, "%s", path); err != nil {
		return err
	}
	return AnswerScript(c, map[string]string{"location": path})
}
