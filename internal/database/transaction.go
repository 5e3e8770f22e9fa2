package database

import (
	"errors"
	"net/http"

	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/pop/v6"
)

// errRolledBack ends a transaction whose response was an error.
var errRolledBack = errors.New("rolled back")

// Transaction returns middleware that runs a handler in a transaction, which it
// finds as c.Value("tx"), and rolls it back when the handler returns an error or
// answers with one. Resources that `buffalo generate` writes need it. db returns
// what Open returned.
//
// Apply it to them and not to the whole app: on SQLite others wait for a writer.
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
