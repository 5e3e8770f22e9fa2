package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/buffalo/binding"
)

// Bind is c.Bind for the body alone: it ignores passwords in the query. An
// unreadable body is a 400. Never bind a model: a form struct lists what a client
// may set.
func Bind(c buffalo.Context, form any) error {
	if err := bindBody(c, form); err != nil {
		return c.Error(http.StatusBadRequest, fmt.Errorf("binding a form: %w", err))
	}
	return nil
}

func bindBody(c buffalo.Context, form any) error {
	body := *c.Request()
	body.Form = body.PostForm
	return binding.Exec(&body, form)
}

// Checkbox is a form field that is true unless "", "0", "false", "no" or "off". In
// JSON it may be a boolean too.
type Checkbox bool

func (b *Checkbox) UnmarshalText(text []byte) error {
	switch strings.ToLower(string(text)) {
	case "", "0", "false", "no", "off":
		*b = false
	default:
		*b = true
	}
	return nil
}

func (b *Checkbox) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, (*bool)(b)) == nil {
		return nil
	}
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	return b.UnmarshalText([]byte(text))
}
