package database

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/pop/v6"
)

// detachedTimeout bounds the time for which a database that hangs holds up a request, which
// waits for its bookkeeping.
const detachedTimeout = 10 * time.Second

// Detached returns a context for bookkeeping that must be done even if the client is gone:
// ctx without its cancellation and deadline, but with a timeout of ten seconds.
func Detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), detachedTimeout)
}

// InTransaction runs fn in a transaction, and rolls back if fn fails. If a timeout closed
// the connection, rolling back fails too: InTransaction returns the error of fn, which is
// the cause. It begins no transaction on a SQLite file that was removed or replaced.
func InTransaction(db *pop.Connection, fn func(tx *pop.Connection) error) error {
	if err := checkNotReplaced(db); err != nil {
		return err
	}
	var cause error
	err := db.Transaction(func(tx *pop.Connection) error {
		cause = fn(tx)
		return cause
	})
	if cause != nil {
		return cause
	}
	return err
}

var errRolledBack = errors.New("rolled back")

// Transaction returns middleware for the resources that buffalo generate makes. It runs a handler in a
// transaction, c.Value("tx"), and rolls back if the handler returns an error or
// responds with an error status. db must return a connection from Open.
//
// Do not apply it to the whole app: on SQLite, each transaction waits for all others.
func Transaction(db func() *pop.Connection) buffalo.MiddlewareFunc {
	return func(next buffalo.Handler) buffalo.Handler {
		return func(c buffalo.Context) error {
			err := InTransaction(db().WithContext(c), func(tx *pop.Connection) error {
				c.Set("tx", tx)
				if err := next(c); err != nil {
					return err
				}
				if w, ok := c.Response().(*buffalo.Response); ok && w.Status >= http.StatusBadRequest {
					return errRolledBack
				}
				return nil
			})
			if err == errRolledBack {
				return nil
			}
			return err
		}
	}
}
