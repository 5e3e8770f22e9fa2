package web

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/gobuffalo/buffalo"
	"github.com/gorilla/mux"
)

// OnError is a middleware that replaces each error of a handler by that which change returns.
func OnError(change func(c buffalo.Context, err error) error) buffalo.MiddlewareFunc {
	return func(next buffalo.Handler) buffalo.Handler {
		return func(c buffalo.Context) error {
			err := next(c)
			if err != nil {
				err = change(c, err)
			}
			return err
		}
	}
}

// Failed does what an error handler for Buffalo must do besides writing a page. It logs
// errors of the server, sets Allow for a 405, and aborts a response that has begun. detail is
// the text that a handler gave to c.Error, or "" for an error of the server or a body that is
// too large.
func Failed(c buffalo.Context, status int, err error, router *mux.Router) (detail string) {
	if status < http.StatusBadRequest { // answered with 500: see WriteError
		status = http.StatusInternalServerError
	}
	info, r := Info(c), c.Request()
	clientGone := (info.Started() || status == http.StatusServiceUnavailable) && errors.Is(r.Context().Err(), context.Canceled)
	if info.Started() {
		if !clientGone {
			info.Error(err)
		}
		panic(http.ErrAbortHandler) // a partial response must not look complete
	}
	if status == http.StatusMethodNotAllowed {
		c.Response().Header().Set("Allow", strings.Join(AllowedMethods(router, r), ", "))
	}
	if status >= http.StatusInternalServerError {
		if !clientGone && !errors.As(err, new(panicError)) {
			info.Error(err)
		}
		return ""
	}
	stated, given := buffalo.HTTPError{}, detailed{}
	switch {
	case errors.As(err, &given):
		return given.detail
	case errors.As(err, &stated) && !TooLarge(err):
		return stated.Error()
	}
	return ""
}

type detailed struct {
	error
	detail string
}

func (d detailed) Unwrap() error { return d.error }

// WithDetail returns err with another text for clients: only a handler's c.Error gives them
// the text of an error.
func WithDetail(err error, detail string) error { return detailed{err, detail} }
