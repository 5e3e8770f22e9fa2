package database

import (
	"errors"
	"net/http"

	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/pop/v6"
)

var errRolledBack = errors.New("rolled back")

// Transaction returns middleware for generated resources. It runs a handler in a
// transaction, c.Value("tx"), and rolls back if the handler returns an error or
// responds with an error status. db must return a connection from Open.
//
// Do not apply it to the whole app: on SQLite, writers wait for each other.
func Transaction(db func() *pop.Connection) buffalo.MiddlewareFunc {
	return func(next buffalo.Handler) buffalo.Handler {
		return func(c buffalo.Context) error {
			var failed error
			err := db().WithContext(c).Transaction(func(tx *pop.Connection) error {
				c.Set("tx", tx)
				if failed = next(c); failed != nil {
					return failed
				}
				if w, ok := c.Response().(*buffalo.Response); ok && w.Status >= http.StatusBadRequest {
					return errRolledBack
				}
				return nil
			})
			if failed != nil || errors.Is(err, errRolledBack) {
				return failed
			}
			return err
		}
	}
}
