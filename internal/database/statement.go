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

// Statement is a query that each connection of a pool parses once: on SQLite,
// parsing takes longer than running. It pays for the query of every request.
//
//	var userByID = database.Statement{SQL: "SELECT * FROM users WHERE id = ?"}
type Statement struct {
	SQL string

	mutex    sync.Mutex
	db       *pop.Connection // that prepared was prepared on
	prepared *sqlx.Stmt
}

// Get reads one row into the struct dest, by its db tags, or returns
// sql.ErrNoRows. db must be what Open returned: neither a transaction nor a copy
// with a context.
func (s *Statement) Get(ctx context.Context, db *pop.Connection, dest any, args ...any) error {
	prepared, err := s.on(ctx, db)
	if err != nil {
		return err
	}
	return prepared.GetContext(ctx, dest, args...)
}

// preparer is what pop keeps its pool in.
type preparer interface {
	PreparexContext(ctx context.Context, query string) (*sqlx.Stmt, error)
}

// on prepares the statement anew when db is another one than before.
func (s *Statement) on(ctx context.Context, db *pop.Connection) (*sqlx.Stmt, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.db == db {
		return s.prepared, nil
	}
	prepared, err := db.Store.(preparer).PreparexContext(ctx, db.Dialect.TranslateSQL(s.SQL))
	if err != nil {
		return nil, err
	}
	if s.prepared != nil {
		s.prepared.Close()
	}
	s.db, s.prepared = db, prepared
	return prepared, nil
}

// Columns lists the columns of a model for a join that Get reads into a struct
// of models, each with the table's name as its db tag.
func Columns(model any, table string) string {
	var list []string
	for name := range pop.NewModel(model, context.Background()).Columns().Readable().Cols {
		list = append(list, fmt.Sprintf(`%s.%s AS "%[1]s.%[2]s"`, table, name))
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}
