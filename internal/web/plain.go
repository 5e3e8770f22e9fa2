package web

import (
	"io"
	"net/http"

	"github.com/gobuffalo/buffalo"
)

// AnswerAs answers with content of a type. Unlike c.Render, it does not use the session.
func AnswerAs(c buffalo.Context, contentType string, content []byte) error {
	c.Response().Header().Set("Content-Type", contentType)
	c.Response().Write(content) // ignore write errors: the client is gone
	return nil
}

// AnswerPlain answers with a line of text; to OPTIONS, with 204 and no text instead of 200.
// Unlike c.Render, it does not use the session.
func AnswerPlain(c buffalo.Context, status int, line string) error {
	if c.Request().Method == http.MethodOptions && status == http.StatusOK {
		status = http.StatusNoContent
	}
	c.Response().Header().Set("Content-Type", "text/plain; charset=utf-8")
	c.Response().WriteHeader(status)
	io.WriteString(c.Response(), line+"\n") // ignore write errors: the client is gone
	return nil
}
