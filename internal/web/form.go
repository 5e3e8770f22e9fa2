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

// MethodOverride lets a form send PUT, PATCH and DELETE by its field _method. It
// replaces Buffalo's, which takes any method, from the query too, and reads whole
// multipart forms before any middleware. Of a multipart form only the first field
// is read, which is where form_for puts _method.
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

// firstField returns the first field of a multipart form, if it has that name and
// is short. It leaves the body as it was.
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

// ParseMultipart is a Buffalo middleware that reads a multipart form into memory:
// after it c.Param has the fields, c.File the files, and c.Bind both. It stands
// behind the middleware that decides who may send one, since a body may be as
// long as Options.MaxBody says. It writes no temporary file, for which an image
// from scratch has no folder. A handler that reads the parts one by one, with
// c.Request().MultipartReader, skips it:
//
//	app.Use(Authorize)
//	app.Use(web.ParseMultipart)
//	app.Middleware.Skip(web.ParseMultipart, BackupsCreate)
func ParseMultipart(next buffalo.Handler) buffalo.Handler {
	return func(c buffalo.Context) error {
		r, info := c.Request(), Info(c)
		if mediaType(r) != "multipart/form-data" {
			return next(c)
		}
		info.request = r // its fields are struck out of errors too
		switch err := r.ParseMultipartForm(max(info.maxBody, defaultMaxBody)); {
		case TooLarge(err):
			return c.Error(http.StatusRequestEntityTooLarge, err)
		case err != nil:
			return c.Error(http.StatusBadRequest, err)
		}
		if params, ok := c.Params().(url.Values); ok {
			for name, values := range r.MultipartForm.Value {
				params[name] = append(params[name], values...)
			}
		}
		return next(c)
	}
}
