// Package record records the statements that the app sends while its tests run. Package
// plans adds this file to the app's test kit, by go test -overlay.
package record

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/jmoiron/sqlx"
)

// Statement is a statement that a line of the app has sent, with the arguments of the
// first time.
type Statement struct {
	Query    string
	Args     []Arg
	File     string // from the root of the app
	Line     int
	Function string // such as "models.FindSession"
}

// Arg is an argument as the database driver gets it. If all fields are nil, it is NULL.
type Arg struct {
	Int   *int64     `json:",omitempty"`
	Float *float64   `json:",omitempty"`
	Bool  *bool      `json:",omitempty"`
	Bytes []byte     `json:",omitempty"`
	Text  *string    `json:",omitempty"`
	Time  *time.Time `json:",omitempty"`
}

// recorder is a driver.Connector that wraps the app's database driver. It does not
// record statements that tests send.
type recorder struct {
	driver driver.Driver
	dsn    string

	root, module string
	skipped      []string // files and folders that do not count as callers
	output       *json.Encoder

	lock     sync.Mutex
	recorded map[string]bool // by statement and line
	sent     *[]string       // the result of Statements while that runs, or nil
}

var active *recorder

// Start records the statements of a connection in a new file of a folder. The app is
// the module in root.
func Start(conn *pop.Connection, folder, root, module string) {
	file, err := os.CreateTemp(folder, "*.json")
	if err != nil {
		panic(err)
	}
	_, self, _, _ := runtime.Caller(0)
	pool := poolOf(conn)
	active = &recorder{
		driver: pool.Driver(), dsn: conn.Dialect.URL(),
		root: root + "/", module: module + "/",
		skipped: []string{filepath.Dir(self), filepath.Join(root, "internal/apptest"), filepath.Join(root, "internal/database/statement.go")},
		output:  json.NewEncoder(file), recorded: map[string]bool{},
	}
	details := conn.Dialect.Details()
	pool.DB.Close()
	pool.DB = sql.OpenDB(active)
	pool.SetMaxOpenConns(details.Pool)
	pool.SetMaxIdleConns(details.IdlePool)
}

// poolOf returns the pool of a connection: the field DB of an unexported type of pop.
func poolOf(conn *pop.Connection) *sqlx.DB {
	return reflect.ValueOf(conn.Store).Elem().FieldByName("DB").Interface().(*sqlx.DB)
}

// Statements returns the statements that the app sends while do runs, including BEGIN.
func Statements(do func()) (sent []string) {
	collectIn := func(to *[]string) {
		active.lock.Lock()
		defer active.lock.Unlock()
		active.sent = to
	}
	collectIn(&sent)
	defer collectIn(nil)
	do()
	return sent
}

// collect adds a statement to the result of Statements. The caller holds the lock.
func (r *recorder) collect(query string) {
	if r.sent != nil {
		*r.sent = append(*r.sent, query)
	}
}

// add records a statement, unless a test sends it or its line has sent it before.
func (r *recorder) add(query string, args []driver.NamedValue) {
	s, ok := r.caller()
	if !ok {
		return
	}
	r.lock.Lock()
	defer r.lock.Unlock()
	r.collect(query)
	key := fmt.Sprint(query, s.File, s.Line)
	if r.recorded[key] {
		return
	}
	r.recorded[key], s.Query = true, query
	for _, arg := range args {
		s.Args = append(s.Args, argOf(arg.Value))
	}
	if err := r.output.Encode(s); err != nil {
		panic(err)
	}
}

func argOf(v any) (a Arg) {
	v, err := driver.DefaultParameterConverter.ConvertValue(v)
	if err != nil {
		panic(err)
	}
	switch v := v.(type) {
	case int64:
		a.Int = &v
	case float64:
		a.Float = &v
	case bool:
		a.Bool = &v
	case []byte:
		a.Bytes = append([]byte{}, v...)
	case string:
		a.Text = &v
	case time.Time:
		a.Time = &v
	}
	return a
}

func (a Arg) Value() any {
	switch {
	case a.Int != nil:
		return *a.Int
	case a.Float != nil:
		return *a.Float
	case a.Bool != nil:
		return *a.Bool
	case a.Bytes != nil:
		return a.Bytes
	case a.Text != nil:
		return *a.Text
	case a.Time != nil:
		return *a.Time
	}
	return nil
}

// caller returns the line of the app that sends the statement: the innermost one on the
// stack. ok is false if that is a line of a test.
func (r *recorder) caller() (s Statement, ok bool) {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs[:])])
	for more := true; more; {
		var frame runtime.Frame
		frame, more = frames.Next()
		path, ours := strings.CutPrefix(frame.File, r.root)
		if ours && !slices.Contains(r.skipped, filepath.Dir(frame.File)) && !slices.Contains(r.skipped, frame.File) {
			name, _, _ := strings.Cut(strings.TrimPrefix(frame.Function, r.module), ".func")
			return Statement{File: path, Line: frame.Line, Function: name}, !strings.HasSuffix(path, "_test.go")
		}
	}
	return s, false
}

func (r *recorder) Connect(context.Context) (driver.Conn, error) {
	conn, err := r.driver.Open(r.dsn)
	if err != nil {
		return nil, err
	}
	return &recordingConn{Conn: conn, recorder: r}, nil
}

func (r *recorder) Driver() driver.Driver { return r.driver }

type recordingConn struct {
	driver.Conn
	recorder *recorder
}

func (c *recordingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.recorder.add(query, args)
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (c *recordingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.recorder.add(query, args)
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c *recordingConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	stmt, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return &recordingStmt{Stmt: stmt, conn: c, query: query}, nil
}

func (c *recordingConn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	c.recorder.lock.Lock()
	c.recorder.collect("BEGIN")
	c.recorder.lock.Unlock()
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, options)
}

func (c *recordingConn) Ping(ctx context.Context) error { return c.Conn.(driver.Pinger).Ping(ctx) }

func (c *recordingConn) ResetSession(ctx context.Context) error {
	if resetter, ok := c.Conn.(driver.SessionResetter); ok {
		return resetter.ResetSession(ctx)
	}
	return nil
}

func (c *recordingConn) IsValid() bool {
	validator, ok := c.Conn.(driver.Validator)
	return !ok || validator.IsValid()
}

func (c *recordingConn) CheckNamedValue(value *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(value)
	}
	return driver.ErrSkip
}

// recordingStmt records a prepared statement each time it runs.
type recordingStmt struct {
	driver.Stmt
	conn  *recordingConn
	query string
}

func (s *recordingStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.conn.recorder.add(s.query, args)
	return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}

func (s *recordingStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.conn.recorder.add(s.query, args)
	return s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
}

func (s *recordingStmt) CheckNamedValue(value *driver.NamedValue) error {
	return s.conn.CheckNamedValue(value)
}
