package web

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"

	"github.com/gobuffalo/buffalo"
)

// MethodOverride lets forms send PUT, PATCH and DELETE by a field _method. Buffalo's
// MethodOverride accepts any method, also from the query, and reads whole multipart
// forms before any middleware runs. This one takes the field from PostForm, which
// limitBody has parsed, or from the first field of a multipart form, where form_for puts it.
func MethodOverride(_ http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		return
	}
	method := r.PostForm.Get("_method")
	if r.Body != nil && mediaType(r) == "multipart/form-data" {
		method = firstField(r, "_method")
	}
	switch method {
	case http.MethodPut, http.MethodPatch, http.MethodDelete:
		r.Method = method
	}
}

// firstField returns the value of a multipart form's first field, if the field is short
// and has the given name. The body stays readable.
func firstField(r *http.Request, name string) (value string) {
	_, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	var read bytes.Buffer
	parts := multipart.NewReader(io.TeeReader(io.LimitReader(r.Body, 1<<10), &read), params["boundary"])
	if part, err := parts.NextPart(); err == nil && part.FormName() == name {
		if content, err := io.ReadAll(part); err == nil {
			value = string(content)
		}
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(&read, r.Body), r.Body}
	return value
}

// ReadBody is a middleware that reads multipart forms into memory, for c.Param, c.File and
// c.Bind. It uses no temporary files: a container may have no folder for them. Its c.Bind
// reads any body before it decodes it: Buffalo binds one body at a time, so that a client that
// sends its body slowly would hold up the forms of all others. Put it behind the guards, so
// that a client that they refuse cannot fill memory with a body of Options.MaxBody. Skip it for
// a handler that streams c.Request().MultipartReader:
//
//	app.Use(Authorize)
//	app.Use(web.ReadBody)
//	app.Middleware.Skip(web.ReadBody, BackupsCreate)
func ReadBody(next buffalo.Handler) buffalo.Handler {
	return func(c buffalo.Context) error {
		r := c.Request()
		if r.Body == nil || r.Body == http.NoBody {
			return next(c)
		}
		if mediaType(r) == "multipart/form-data" {
			if err := parseMultipart(c, r); err != nil {
				return refuseBody(c, err)
			}
		}
		return next(bindingContext{c})
	}
}

func parseMultipart(c buffalo.Context, r *http.Request) error {
	info := Info(c)
	info.request = r                                                                // so that the log redacts the parsed fields
	if err := r.ParseMultipartForm(max(info.maxBody, DefaultMaxBody)); err != nil { // keeps all in memory: no body is longer
		return err
	}
	if params, ok := c.Params().(url.Values); ok {
		for name, values := range r.MultipartForm.Value {
			params[name] = append(params[name], values...)
		}
	}
	return nil
}
