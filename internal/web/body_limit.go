package web

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
)

// DefaultMaxBody is the limit, in bytes, of paths without their own limit.
const DefaultMaxBody = 1 << 20

// limitBody refuses bodies that exceed the path's limit. It also reads urlencoded forms, which
// MethodOverride and Buffalo need before routing. It answers 413 itself if the length is known
// or the body is a form, and 400 to invalid forms. Otherwise reading the body returns an error
// that satisfies TooLarge.
func limitBody(next http.Handler, o Options) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == nil || r.Body == http.NoBody {
			next.ServeHTTP(w, r)
			return
		}
		info, status := Info(r.Context()), 0
		info.maxBody = o.MaxBody(r.URL.Path)
		r.Body = http.MaxBytesReader(underlying(w), r.Body, info.maxBody)
		switch {
		case r.ContentLength > info.maxBody:
			w.Header().Set("Connection", "close") // the body is not read
			status = http.StatusRequestEntityTooLarge
		case mediaType(r) == "application/x-www-form-urlencoded":
			status = readForm(r)
		}
		if status != 0 {
			info.Event("body refused")
			o.ErrorPage(w, r, status)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// underlying returns net/http's own writer, which MaxBytesReader needs to close the
// connection.
func underlying(w http.ResponseWriter) http.ResponseWriter {
	if res, ok := w.(*response); ok {
		return res.ResponseWriter
	}
	return w
}

func mediaType(r *http.Request) string {
	header := r.Header.Get("Content-Type")
	if header == "" {
		return ""
	}
	name, _, _ := mime.ParseMediaType(header)
	return name
}

// readForm parses the form into r.PostForm. It returns the status of an error, or 0.
func readForm(r *http.Request) int {
	body, err := readBody(r)
	switch {
	case TooLarge(err):
		return http.StatusRequestEntityTooLarge
	case err != nil:
		return http.StatusBadRequest
	}
	r.ContentLength = int64(len(body))
	// Not ParseForm: it ignores the form of a DELETE, and the log must redact its fields.
	if r.PostForm, err = url.ParseQuery(string(body)); err != nil {
		return http.StatusBadRequest
	}
	return 0
}

// readBody returns the body, and makes it readable again.
func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(r.Body)
	if err == nil {
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	return body, err
}

// TooLarge reports whether err means that a body exceeds its limit, or that a multipart
// form has too many parts. The app answers 413.
func TooLarge(err error) bool {
	return errors.As(err, new(*http.MaxBytesError)) || errors.Is(err, multipart.ErrMessageTooLarge)
}
