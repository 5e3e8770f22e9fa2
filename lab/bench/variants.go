package main

// variants are compared by the ablation. Those of the first group each leave out an
// optimization of the app. Those of the second leave out another cost, or try an
// optimization or a setting that the app does not have.
var variants = []variant{
	{name: "templates: evaluated by plush, not compiled", edits: []edit{{"internal/view/template.go",
		"steps := (&compiler{engine: e, variant: v}).compile(t.Input)",
		"var steps []step"}}},
	{name: "templates: compiled, no constant folded", edits: []edit{{"internal/view/template.go",
		"!in.hides(l.scope, foldable...)",
		"in == nil"}}},
	{name: "templates: Buffalo's engine", edits: []edit{{"internal/view/stock.go",
		"return len(languages) > 0",
		"return languages == nil"}}},
	{name: "anonymous pages: not kept", edits: []edit{{"internal/web/pages.go",
		"if r.Method != http.MethodGet ||",
		"if true ||"}}},
	{name: "kept pages and files: not compressed", edits: []edit{
		{"internal/web/pages.go", "\tpage.compress()\n", ""},
		{"internal/web/assets.go", "\t\t\tfile.encodings.compress()\n", ""}}},
	{name: "session: two queries of Pop", edits: []edit{{"models/session_find.go", `	err := sessionByToken.Get(ctx, DB, &row, secret.IDInToken(rawToken), secret.TokenDigest(rawToken))
`, `	err := DB.WithContext(ctx).Where("id = ? AND token_digest = ?", secret.IDInToken(rawToken), secret.TokenDigest(rawToken)).First(&row.Session)
	if err == nil {
		err = DB.WithContext(ctx).Find(&row.User, row.Session.UserID)
	}
`}}},
	{name: "session: the join, not prepared", edits: []edit{{"internal/database/statement.go", "	if db.Dialect.Name() != \"postgres\" {\n", "	if false {\n"}}},
	{name: "cookie: values by gob", edits: []edit{
		{"internal/cookiestore/values.go", `	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false) // a & would take six bytes
	err := encoder.Encode(texts)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
`, `	kept := make(map[any]any, len(texts))
	for name := range texts {
		kept[name] = values[name]
	}
	err := gob.NewEncoder(&b).Encode(kept)
	return b.Bytes(), err
`},
		{"internal/cookiestore/values.go", "\ttext, err := encodeValue(value)\n", "\ttext, err := \"\", error(nil)\n"},
		{"internal/cookiestore/values.go", "func decode(encoded []byte) (map[any]any, error) {\n", `func decode(encoded []byte) (map[any]any, error) {
	var kept map[any]any
	err := gob.NewDecoder(bytes.NewReader(encoded)).Decode(&kept)
	return kept, err
}

func decodeJSON(encoded []byte) (map[any]any, error) {
`}}},
	{name: "cookie: written on every page", edits: []edit{{"internal/cookiestore/cookiestore.go",
		"if fingerprint(encoded) == session.ID {", "if encoded == nil && session.ID == \"\" {"}}},

	{name: "no request log", edits: []edit{{"internal/web/info.go",
		"info.log(res.status, cut || res.failed, time.Since(start))", "_, _ = cut, start"}}},
	{name: "no events of Buffalo", edits: []edit{{"actions/events.go", "", `package actions

import "github.com/gobuffalo/events"

func init() { events.SetManager(silent{}) }

type silent struct{}

func (silent) Listen(string, events.Listener) (events.DeleteFn, error) { return func() {}, nil }
func (silent) Emit(events.Event) error                                 { return nil }
`}}},
	{name: "session: the join, with a context that cannot end", edits: []edit{{"models/session_find.go",
		"	var row struct {\n", "	ctx = context.WithoutCancel(ctx)\n	var row struct {\n"}}},
	{name: "path helpers: shared by all requests", edits: []edit{
		{"actions/app.go", "must(r.AddTo(app))\n\t\t\t}\n\t\t}\n", "must(r.AddTo(app))\n\t\t\t}\n\t\t}\n\t\tshareHelpers(app)\n"},
		{"actions/helpers.go", "", sharedHelpers}}},
	{name: "responses: sent in one write", edits: []edit{
		{"internal/web/server.go", "detectProxyProtocol(l, logger)", "bufferingListener{detectProxyProtocol(l, logger)}"},
		{"internal/web/buffer.go", "", bufferedConn}}},
	{name: "GOMEMLIMIT=100MiB", env: []string{"GOMEMLIMIT=100MiB"}, crowded: true},
	{name: "GOGC=400", env: []string{"GOGC=400"}, crowded: true},
	{name: "memory: not returned after the start", crowded: true, edits: []edit{{"cmd/cmd.go",
		"time.AfterFunc(time.Second, debug.FreeOSMemory)", "_, _ = time.Second, debug.FreeOSMemory"}}},
	{name: "hashes: twice as many threads, memory returned", crowded: true, edits: []edit{
		{"internal/password/queue.go", "return q.release, nil", "beginHash()\n\t\treturn func() { endHash(); q.release() }, nil"},
		{"internal/password/rush.go", "", rush}}},
}

// sharedHelpers makes the path helpers once, not for each request: it serves the routes
// through a second App, for which Buffalo makes no path helpers.
const sharedHelpers = `package actions

import (
	"context"
	"net/http"

	"github.com/gobuffalo/buffalo"
)

func shareHelpers(app *buffalo.App) {
	second := buffalo.New(app.Options)
	second.Middleware, second.ErrorHandlers = app.Middleware, app.ErrorHandlers
	helpers := map[string]any{}
	for _, route := range app.Routes() {
		route.App = second
		helper := route.BuildPathHelper()
		helpers[route.PathName], r.Helpers[route.PathName] = helper, helper
		route.MuxRoute.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			route.ServeHTTP(w, r.WithContext(withHelpers{r.Context(), helpers}))
		}))
	}
}

type withHelpers struct {
	context.Context
	helpers map[string]any
}

func (c withHelpers) Value(key any) any {
	if name, ok := key.(string); ok {
		if helper, ok := c.helpers[name]; ok {
			return helper
		}
	}
	return c.Context.Value(key)
}
`

// bufferedConn buffers what net/http writes until net/http reads the next request. Without
// it, net/http sends pieces of 4 KiB.
const bufferedConn = `package web

import "net"

type bufferingListener struct{ net.Listener }

func (l bufferingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return &bufferedConn{Conn: c}, err
}

type bufferedConn struct {
	net.Conn
	unsent []byte
}

func (c *bufferedConn) Write(b []byte) (int, error) {
	c.unsent = append(c.unsent, b...)
	return len(b), nil
}

func (c *bufferedConn) Read(b []byte) (int, error) {
	if len(b) > 1 { // otherwise net/http checks whether the client is still there
		c.send()
	}
	return c.Conn.Read(b)
}

func (c *bufferedConn) Close() error {
	c.send()
	return c.Conn.Close()
}

func (c *bufferedConn) send() {
	if len(c.unsent) > 0 {
		c.Conn.Write(c.unsent)
		c.unsent = c.unsent[:0]
	}
}
`

// rush doubles GOMAXPROCS while passwords are hashed, and for a second more. Then it
// returns memory to the system.
const rush = `package password

import (
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

var (
	cores   = runtime.GOMAXPROCS(0)
	mutex   sync.Mutex
	running int
	doubled bool // whether GOMAXPROCS is doubled
	pause   = time.AfterFunc(time.Hour, restore)
)

func beginHash() {
	mutex.Lock()
	defer mutex.Unlock()
	running++
	pause.Stop()
	if !doubled {
		doubled = true
		runtime.GOMAXPROCS(2 * cores)
	}
}

func endHash() {
	mutex.Lock()
	defer mutex.Unlock()
	if running--; running == 0 {
		pause.Reset(time.Second)
	}
}

func restore() {
	mutex.Lock()
	defer mutex.Unlock()
	if doubled && running == 0 {
		doubled = false
		runtime.GOMAXPROCS(cores)
		go debug.FreeOSMemory()
	}
}
`
