package web

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/buffalo/binding"
)

// Bind fills a form struct as c.Bind does, but from the body alone: a password in
// the query is none. What cannot be read is a 400. A form struct names every field
// that a client may set: never bind a model.
func Bind(c buffalo.Context, form any) error {
	body := *c.Request()
	body.Form = body.PostForm
	if err := binding.Exec(&body, form); err != nil {
		return c.Error(http.StatusBadRequest, fmt.Errorf("binding a form: %w", err))
	}
	return nil
}

// Checkbox is a field of a form struct that is true for every value but "", "0",
// "false", "no" and "off".
type Checkbox bool

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *Checkbox) UnmarshalText(text []byte) error {
	switch strings.ToLower(string(text)) {
	case "", "0", "false", "no", "off":
		*b = false
	default:
		*b = true
	}
	return nil
}
