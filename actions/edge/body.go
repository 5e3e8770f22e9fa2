package edge

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
)

// maxBody is the largest body that is read, in bytes: our longest form is a
// fiftieth of it.
const maxBody = 64 << 10

// limitBody reads a body before the app sees the request: a chunked one does
// not say how long it is, and Buffalo would read it all. Too long is 413, a
// form that cannot be parsed 400, anything but a form 415.
func limitBody(next http.Handler, page ErrorPage) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status := readForm(w, r); status != 0 {
			From(r.Context()).Event("body refused")
			page(w, r, status)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// readForm replaces the body by what was read of it. It returns the status to
// refuse the request with, or 0.
func readForm(w http.ResponseWriter, r *http.Request) int {
	if r.Body == nil || r.Body == http.NoBody {
		return 0
	}
	if r.ContentLength > maxBody {
		w.Header().Set("Connection", "close") // the rest is not read
		return http.StatusRequestEntityTooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		return http.StatusRequestEntityTooLarge
	}
	if err != nil {
		return http.StatusBadRequest
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	if len(body) == 0 {
		return 0
	}
	if !isForm(r) {
		return http.StatusUnsupportedMediaType
	}
	// net/http reads a form from POST, PUT and PATCH only; a DELETE has a password in it too.
	if r.PostForm, err = url.ParseQuery(string(body)); err != nil {
		return http.StatusBadRequest
	}
	return 0
}

func isForm(r *http.Request) bool {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && mediaType == "application/x-www-form-urlencoded"
}

// MethodOverride lets a form send PUT, PATCH and DELETE by its field _method.
// It stands in for Buffalo's, which takes any method, from the query too.
func MethodOverride(_ http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		return
	}
	switch method := r.PostForm.Get("_method"); method {
	case http.MethodPut, http.MethodPatch, http.MethodDelete:
		r.Method = method
	}
}
