package models

import (
	"context"
	"database/sql"
	"sync"

	"github.com/gobuffalo/pop/v6"
)

// prepared is a statement that each connection to the database parses once: on
// SQLite, parsing one takes longer than running it. It is for the statement of
// every page; the others are not worth it.
type prepared struct {
	text string

	mutex sync.RWMutex
	on    *pop.Connection // what stmt was prepared on; Connect may have moved on since
	stmt  *sql.Stmt
}

// preparer is the database behind a pop connection. A transaction is none.
type preparer interface {
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// QueryRow runs the statement on DB.
func (p *prepared) QueryRow(ctx context.Context, args ...any) (*sql.Row, error) {
	stmt, err := p.statement(ctx, DB)
	if err != nil {
		return nil, err
	}
	return stmt.QueryRowContext(ctx, args...), nil
}

func (p *prepared) statement(ctx context.Context, db *pop.Connection) (*sql.Stmt, error) {
	p.mutex.RLock()
	stmt, on := p.stmt, p.on
	p.mutex.RUnlock()
	if on == db {
		return stmt, nil
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.on == db {
		return p.stmt, nil
	}
	stmt, err := db.Store.(preparer).PrepareContext(ctx, db.Dialect.TranslateSQL(p.text))
	if err != nil {
		return nil, err
	}
	if p.stmt != nil {
		p.stmt.Close() // that database is most likely closed, and the statement with it
	}
	p.on, p.stmt = db, stmt
	return stmt, nil
}
