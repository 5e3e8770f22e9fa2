package database

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/gobuffalo/pop/v6"
	"github.com/jmoiron/sqlx"
)

// Statement is a query that each connection of a pool prepares once. Use it for the
// queries of every request: SQLite takes longer to parse them than to run them. On
// PostgreSQL, pgx prepares all statements by itself, and again if a migration has
// invalidated them.
//
//	var userByID = database.Statement{SQL: "SELECT email FROM users WHERE id = ?"}
type Statement struct {
	SQL string

	mutex    sync.Mutex
	db       *pop.Connection // the database of prepared
	prepared *sqlx.Stmt
}

// Get scans one row into the struct dest, or returns sql.ErrNoRows. db must come
// from Open, not from a transaction or WithContext.
func (s *Statement) Get(ctx context.Context, db *pop.Connection, dest any, args ...any) error {
	prepared, err := s.on(ctx, db)
	if err != nil {
		return err
	}
	if prepared == nil { // PostgreSQL
		return db.Store.GetContext(ctx, dest, db.Dialect.TranslateSQL(s.SQL), args...)
	}
	return prepared.GetContext(ctx, dest, args...)
}

// AfterFind calls AfterFind of the models that have it, as Pop does. Get does not.
func AfterFind(ctx context.Context, db *pop.Connection, models ...any) error {
	for _, model := range models {
		if model, ok := model.(pop.AfterFindable); ok {
			if err := model.AfterFind(db.WithContext(ctx)); err != nil {
				return err
			}
		}
	}
	return nil
}

// preparer is a method of pop's pool that pop's Store interface lacks.
type preparer interface {
	PreparexContext(ctx context.Context, query string) (*sqlx.Stmt, error)
}

func (s *Statement) on(ctx context.Context, db *pop.Connection) (*sqlx.Stmt, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.db == db {
		return s.prepared, nil
	}
	var prepared *sqlx.Stmt
	if db.Dialect.Name() != "postgres" {
		var err error
		if prepared, err = db.Store.(preparer).PreparexContext(ctx, db.Dialect.TranslateSQL(s.SQL)); err != nil {
			return nil, err
		}
	}
	if s.prepared != nil {
		s.prepared.Close()
	}
	s.db, s.prepared = db, prepared
	return prepared, nil
}

// List returns the columns of a model for SELECT and RETURNING. With *, a release
// would fail as soon as a migration of the next release adds a column.
func List(model any) string {
	return pop.NewModel(model, context.Background()).Columns().Readable().SelectString()
}

// Columns returns the columns of one table for the SELECT list of a join. Get scans
// its result into a struct with a field for each model; the field's db tag is the
// table's name.
func Columns(model any, table string) string {
	var list []string
	for name := range pop.NewModel(model, context.Background()).Columns().Readable().Cols {
		list = append(list, fmt.Sprintf(`%s.%s AS "%[1]s.%[2]s"`, table, name))
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}
