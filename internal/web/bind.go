package web

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"

	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/buffalo/binding"
)

// Bind is c.Bind without the query: a password in a URL must not work. It returns a 400
// error for an unreadable body, and without a body leaves form as it is. In JSON, a field
// has the name of its json or form tag; only json tags count in nested structs, and if form
// has methods or embeds a struct. Do not bind a model: a form struct lists the values that
// a client may set.
func Bind(c buffalo.Context, form any) error {
	if c.Request().ContentLength == 0 {
		return nil
	}
	if err := bindBody(c, form); err != nil {
		return refuseBody(c, err)
	}
	return nil
}

// bindingContext is a context whose Bind reads the body before Buffalo locks its binders.
type bindingContext struct{ buffalo.Context }

func (c bindingContext) Bind(value any) error {
	if _, err := readBody(c.Request()); err != nil {
		return refuseBody(c, err)
	}
	return c.Context.Bind(value)
}

// c.Bind returns a 400 error for an unreadable body, for which Buffalo answers 500, in the
// content types that Buffalo binds. A package that registers a binder in an init function
// must import this one.
func init() {
	usual := binding.BaseRequestBinder
	binding.BaseRequestBinder = binding.NewRequestBinder()
	for _, binder := range []binding.ContenTypeBinder{binding.HTMLContentTypeBinder{}, binding.JSONContentTypeBinder{},
		binding.XMLRequestTypeBinder{}, binding.FileRequestTypeBinder{}} {
		for _, contentType := range binder.ContentTypes() {
			binding.Register(contentType, func(r *http.Request, value any) error {
				if err := usual.Exec(r, value); err != nil {
					return buffalo.HTTPError{Status: http.StatusBadRequest, Cause: unreadable{err}}
				}
				return nil
			})
		}
	}
}

// unreadable is an error whose text, which clients get, has no names of Go types.
type unreadable struct{ error }

func (unreadable) Error() string { return "the body cannot be read, or a field has the wrong type" }

func (u unreadable) Unwrap() error { return u.error }

func refuseBody(c buffalo.Context, err error) error {
	Info(c).Event("body refused")
	if TooLarge(err) {
		return c.Error(http.StatusRequestEntityTooLarge, err)
	}
	return c.Error(http.StatusBadRequest, unreadable{err})
}

func bindBody(c buffalo.Context, form any) error {
	if _, err := readBody(c.Request()); err != nil {
		return err
	}
	r := *c.Request()
	r.Form = r.PostForm
	if strings.HasSuffix(mediaType(&r), "json") {
		form = withJSONNames(form)
	}
	return binding.Exec(&r, form)
}

// withJSONNames returns form as a type whose form tags are its names in JSON, too. It returns
// form itself if that has methods or embeds a type.
func withJSONNames(form any) any {
	v := reflect.ValueOf(form)
	if v.NumMethod() > 0 || v.Elem().Kind() != reflect.Struct {
		return form
	}
	var fields []reflect.StructField
	for i := range v.Elem().NumField() {
		field := v.Elem().Type().Field(i)
		if field.Anonymous { // StructOf does not embed all types
			return form
		}
		if name := field.Tag.Get("form"); name != "" {
			field.Tag += reflect.StructTag(` json:"` + name + `"`)
		}
		fields = append(fields, field)
	}
	return v.Convert(reflect.PointerTo(reflect.StructOf(fields))).Interface()
}

// Storable returns text without invalid UTF-8 and NUL, which PostgreSQL refuses.
func Storable(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\x00", "")
}

// Checkbox is the value of a form field: false for "", "0", "false", "no" and "off",
// otherwise true. In JSON it may also be a boolean.
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
