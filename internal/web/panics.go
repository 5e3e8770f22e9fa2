package web

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/events"
)

// PanicHandler replaces Buffalo's panic handler, which logs no stack. As in Buffalo, the
// event events.ErrPanic and the app's error handler for 500 get the panic.
//
//	app.Middleware.Replace(app.PanicHandler, web.PanicHandler(app))
func PanicHandler(app *buffalo.App) buffalo.MiddlewareFunc {
	return func(next buffalo.Handler) buffalo.Handler {
		return func(c buffalo.Context) (err error) {
			info := Info(c)
			defer func() {
				if info.Started() {
					return // to recoverPanics
				}
				switch cause := recover(); cause {
				case nil:
				case http.ErrAbortHandler:
					panic(cause)
				default:
					info.panicked(cause)
					fault, ok := cause.(error)
					if !ok {
						fault = errors.New(fmt.Sprint(cause))
					}
					events.EmitError(events.ErrPanic, fault, events.Payload{"context": c, "app": app, "stacktrace": string(debug.Stack()), "error": fault})
					err = app.ErrorHandlers.Get(http.StatusInternalServerError)(http.StatusInternalServerError, panicError{fault}, c)
				}
			}()
			return next(c)
		}
	}
}

// panicError is a panic that has been logged. It does not unwrap fault, whose status does
// not count.
type panicError struct{ error }

// recoverPanics logs a panic outside of Buffalo, or after the response has begun, and answers
// 500. It aborts a response that has begun: a partial response must not look complete.
func recoverPanics(next http.Handler, page ErrorPage) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if cause == http.ErrAbortHandler {
				panic(cause)
			}
			Info(r.Context()).panicked(cause)
			if Info(r.Context()).Started() {
				panic(http.ErrAbortHandler)
			}
			page(w, r, http.StatusInternalServerError)
		}()
		next.ServeHTTP(w, r)
	})
}
