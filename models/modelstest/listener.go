package modelstest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/gobuffalo/pop/v6"
	"github.com/jmoiron/sqlx"

	"corral/models"
)

// root is the folder of the app, as the compiler has noted it, and module what
// the paths of its packages begin with.
var (
	root   = folderOfApp()
	module = strings.TrimSuffix(reflect.TypeFor[models.User]().PkgPath(), "models")
)

func folderOfApp() string {
	_, file, _, _ := runtime.Caller(0)
	return strings.TrimSuffix(file, "models/modelstest/listener.go")
}

// statement is what the app has sent to the database.
type statement struct {
	query  string
	args   []any
	caller runtime.Frame // the line of the app that sent it
}

// sender is the function that sent it: "models.FindSession".
func (s statement) sender() string {
	name, _, _ := strings.Cut(strings.TrimPrefix(s.caller.Function, module), ".func")
	return name
}

// listener hears every statement that the app sends. Those of tests are not
// the app's.
type listener struct {
	driver driver.Driver
	dsn    string

	lock  sync.Mutex
	heard map[string]statement // the first of each text and line
	sent  *[]string            // in their order, while Statements is told
}

// listening is what Main has put between the app and its database.
var listening *listener

// Statements returns what the app sends to the database while do runs, the
// beginnings of transactions included.
func Statements(do func()) (sent []string) {
	tell := func(to *[]string) {
		listening.lock.Lock()
		defer listening.lock.Unlock()
		listening.sent = to
	}
	tell(&sent)
	defer tell(nil)
	do()
	return sent
}

// note adds to what Statements returns. The lock is held.
func (l *listener) note(query string) {
	if l.sent != nil {
		*l.sent = append(*l.sent, query)
	}
}

// listen puts a listener between a connection's pool and its driver.
func listen(conn *pop.Connection) *listener {
	pool := poolOf(conn)
	l := &listener{driver: pool.Driver(), dsn: conn.Dialect.URL(), heard: map[string]statement{}}
	details := conn.Dialect.Details()
	pool.DB.Close()
	pool.DB = sql.OpenDB(l)
	pool.SetMaxOpenConns(details.Pool)
	pool.SetMaxIdleConns(details.IdlePool)
	return l
}

// CloseIdle closes what the app has open to its database and does not use, so
// that it has to open it anew.
func CloseIdle() {
	pool := poolOf(models.DB)
	pool.SetMaxIdleConns(0)
	pool.SetMaxIdleConns(models.DB.Dialect.Details().IdlePool)
}

// poolOf is a connection's pool, which pop names DB in a type that it keeps to itself.
func poolOf(conn *pop.Connection) *sqlx.DB {
	return reflect.ValueOf(conn.Store).Elem().FieldByName("DB").Interface().(*sqlx.DB)
}

// Connect is for package sql.
func (l *listener) Connect(context.Context) (driver.Conn, error) {
	conn, err := l.driver.Open(l.dsn)
	if err != nil {
		return nil, err
	}
	return &heardConn{conn, l}, nil
}

// Driver is for package sql.
func (l *listener) Driver() driver.Driver { return l.driver }

func (l *listener) hear(query string, args []driver.NamedValue) {
	caller, ok := appCaller()
	if !ok {
		return
	}
	l.lock.Lock()
	defer l.lock.Unlock()
	l.note(query)
	key := fmt.Sprint(query, caller.File, caller.Line)
	if _, known := l.heard[key]; known {
		return
	}
	s := statement{query: query, caller: caller}
	for _, arg := range args {
		s.args = append(s.args, arg.Value)
	}
	l.heard[key] = s
}

// appCaller is the line of the app nearest to the database, unless a test is nearer.
func appCaller() (frame runtime.Frame, ok bool) {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs[:])])
	for more := true; more; {
		frame, more = frames.Next()
		path, ours := strings.CutPrefix(frame.File, root)
		if ours && !strings.HasPrefix(path, "models/modelstest/") {
			return frame, !strings.HasSuffix(path, "_test.go")
		}
	}
	return frame, false
}

// heardConn passes everything on, and tells the listener of it.
type heardConn struct {
	driver.Conn
	listener *listener
}

func (c *heardConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.listener.hear(query, args)
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (c *heardConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.listener.hear(query, args)
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c *heardConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	stmt, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return &heardStmt{stmt, c, query}, nil
}

func (c *heardConn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	c.listener.lock.Lock()
	c.listener.note("BEGIN")
	c.listener.lock.Unlock()
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, options)
}

func (c *heardConn) Ping(ctx context.Context) error { return c.Conn.(driver.Pinger).Ping(ctx) }

func (c *heardConn) ResetSession(ctx context.Context) error {
	if resetter, ok := c.Conn.(driver.SessionResetter); ok {
		return resetter.ResetSession(ctx)
	}
	return nil
}

func (c *heardConn) IsValid() bool {
	validator, ok := c.Conn.(driver.Validator)
	return !ok || validator.IsValid()
}

func (c *heardConn) CheckNamedValue(value *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(value)
	}
	return driver.ErrSkip
}

// heardStmt is a prepared statement: it is heard when it is run, with what it is run with.
type heardStmt struct {
	driver.Stmt
	conn  *heardConn
	query string
}

func (s *heardStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.conn.listener.hear(s.query, args)
	return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}

func (s *heardStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.conn.listener.hear(s.query, args)
	return s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
}

func (s *heardStmt) CheckNamedValue(value *driver.NamedValue) error {
	return s.conn.CheckNamedValue(value)
}

// statements returns what was heard.
func (l *listener) statements() []statement {
	l.lock.Lock()
	defer l.lock.Unlock()
	return slices.Collect(maps.Values(l.heard))
}
