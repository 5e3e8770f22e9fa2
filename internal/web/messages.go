package web

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/buffalo/render"
)

// Messages say what is wrong with a form, by field; "" is no message.
type Messages map[string]string

// RenderForm answers with the page of a form: with 200, or with 422 if there are messages,
// or with 429 if SetRetryAfter was called too. JSON clients get the messages as a problem.
// The page's data has messages, and form_message, which is all of them in one text.
func RenderForm(c buffalo.Context, page render.Renderer, wrong Messages) error {
	maps.DeleteFunc(wrong, func(_, message string) bool { return message == "" })
	message := strings.Join(slices.Compact(slices.Sorted(maps.Values(wrong))), " ")
	status := http.StatusOK
	if message != "" {
		status = http.StatusUnprocessableEntity
		if c.Response().Header().Get("Retry-After") != "" {
			status = http.StatusTooManyRequests
		}
		if WantsJSON(c.Request()) {
			WriteProblem(c.Response(), status, message, wrong)
			return nil
		}
	}
	c.Set("messages", wrong)
	c.Set("form_message", message)
	return c.Render(status, page)
}
