package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Some of what docs/security.md promises is that something is nowhere done.
// These tests read the source for it.

// tracked are the files of the repository, by their path from its root.
func tracked(t *testing.T) (paths []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir("..", func(path string, entry os.DirEntry, err error) error {
		name := entry.Name()
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != ".." && (strings.HasPrefix(name, ".git") || name == "storage" || name == "node_modules"):
			return filepath.SkipDir
		case !entry.IsDir():
			paths = append(paths, strings.TrimPrefix(filepath.ToSlash(path), "../"))
		}
		return nil
	}))
	require.NotEmpty(t, paths)
	return paths
}

// shipped parses the Go files that are part of the app: no tests and what serves them.
func shipped(t *testing.T) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	for _, path := range tracked(t) {
		if strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") && !strings.Contains(path, "test/") && !strings.HasPrefix(path, "bench/") {
			file, err := parser.ParseFile(token.NewFileSet(), "../"+path, nil, 0)
			require.NoError(t, err)
			files[path] = file
		}
	}
	require.Greater(t, len(files), 50)
	return files
}

func importsOf(file *ast.File) (paths []string) {
	for _, spec := range file.Imports {
		path, _ := strconv.Unquote(spec.Path.Value) // the parser has read it
		paths = append(paths, path)
	}
	return paths
}

// never is what no file of the app imports, with the files that may.
var never = map[string][]string{
	"os/exec":           {"grifts/rename.go"}, // for the developer: go mod and gofmt
	"unsafe":            nil,
	"C":                 nil,
	"plugin":            nil,
	"net/rpc":           nil,
	"text/template":     nil,
	"encoding/xml":      nil,
	"math/rand":         nil,
	"math/rand/v2":      nil,
	"crypto/md5":        nil,
	"crypto/sha1":       nil,
	"crypto/des":        nil,
	"crypto/rc4":        nil,
	"crypto/rsa":        nil,
	"crypto/dsa":        nil,
	"net/http/pprof":    nil,
	"expvar":            nil,
	"net/http/cgi":      nil,
	"net/http/httputil": nil,
}

func TestSource_ImportsNothingUnsafe(t *testing.T) {
	for path, file := range shipped(t) {
		for _, imported := range importsOf(file) {
			if allowed, listed := never[imported]; listed {
				require.Contains(t, allowed, path, "imports %s", imported)
			}
		}
	}
}

// The app asks no web server for anything: it speaks to browsers, its database
// and its mail server.
func TestSource_AsksNobodyByHTTP(t *testing.T) {
	clients := []string{"Get", "Post", "PostForm", "Head", "Client", "DefaultClient", "Transport", "DefaultTransport", "NewRequest", "NewRequestWithContext"}
	for path, file := range shipped(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			if selector, ok := n.(*ast.SelectorExpr); ok {
				if pkg, ok := selector.X.(*ast.Ident); ok && pkg.Name == "http" {
					require.NotContains(t, clients, selector.Sel.Name, path)
				}
			}
			return true
		})
	}
}

// Every package that encrypts, hashes, signs or draws at random stands in the
// inventory, and the inventory names no other.
func TestSource_CryptographyIsInventoried(t *testing.T) {
	used := map[string]bool{}
	for _, file := range shipped(t) {
		for _, path := range importsOf(file) {
			if strings.HasPrefix(path, "crypto/") || strings.HasPrefix(path, "golang.org/x/crypto/") ||
				slices.Contains([]string{"github.com/alexedwards/argon2id", "github.com/gorilla/securecookie"}, path) {
				used[path] = true
			}
		}
	}
	var inventoried []string
	for _, match := range regexp.MustCompile("(?m)^\\| `((?:crypto|golang.org|github.com)/[a-z0-9./]+)` \\|").FindAllStringSubmatch(section(t, "Cryptography"), -1) {
		inventoried = append(inventoried, match[1])
	}
	var names []string
	for path := range used {
		names = append(names, path)
	}
	require.ElementsMatch(t, names, inventoried)
}

// A pattern is a constant: nobody who visits can write one.
func TestSource_PatternsAreConstant(t *testing.T) {
	for path, file := range shipped(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if selector, ok := call.Fun.(*ast.SelectorExpr); ok && strings.HasPrefix(selector.Sel.Name, "MustCompile") || ok && selector.Sel.Name == "Compile" {
				require.True(t, constant(call.Args[0], nil), path)
			}
			return true
		})
	}
}

// sqlMethods take a statement or a part of one as their first text.
var sqlMethods = []string{"RawQuery", "Where", "Order", "Having", "GroupBy",
	"SelectContext", "GetContext", "ExecContext", "QueryContext", "NamedExecContext"}

// ownStatements are functions of ours that write a statement out of constants and numbers.
var ownStatements = []string{"takeSQL", "statement", "sessionByToken"}

// conditions are parameters that stand in a statement. Those of endSessions and
// lockUser are constants wherever these are called, which is checked too.
var conditions = []string{"which", "where", "change", "marks", "owner"} // marks are "?, ?, …"

// A statement is a constant: what varies is an argument.
func TestSource_StatementsAreConstant(t *testing.T) {
	found := 0
	for path, file := range shipped(t) {
		for _, decl := range file.Decls {
			ast.Inspect(decl, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				if name, ok := call.Fun.(*ast.Ident); ok && strings.HasPrefix(path, "models/") && (name.Name == "endSessions" || name.Name == "lockUser") {
					condition := call.Args[map[string]int{"endSessions": 1, "lockUser": 2}[name.Name]]
					require.True(t, constant(condition, decl), "%s: the condition of %s is put together", path, name.Name)
				}
				selector, ok := call.Fun.(*ast.SelectorExpr)
				if !ok || !slices.Contains(sqlMethods, selector.Sel.Name) {
					return true
				}
				text := call.Args[0]
				if strings.HasSuffix(selector.Sel.Name, "Context") {
					text = call.Args[min(1, len(call.Args)-1)]
					if slices.Contains([]string{"SelectContext", "GetContext"}, selector.Sel.Name) {
						text = call.Args[2]
					}
				}
				found++
				require.True(t, constant(text, decl), "%s: the statement of %s is put together", path, selector.Sel.Name)
				return true
			})
		}
	}
	require.Greater(t, found, 20)
}

// constant says whether a text is written out in the source: a literal, a sum
// of such, one of ownStatements, or a variable of the declaration within that
// is never given anything else.
func constant(e ast.Expr, within ast.Decl) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return true
	case *ast.BinaryExpr:
		return constant(e.X, within) && constant(e.Y, within)
	case *ast.CallExpr:
		switch fun := e.Fun.(type) {
		case *ast.Ident:
			return slices.Contains(ownStatements, fun.Name)
		case *ast.SelectorExpr:
			return slices.Contains(ownStatements, fun.Sel.Name) || fun.Sel.Name == "TranslateSQL" && constant(e.Args[0], within)
		}
	case *ast.Ident:
		if slices.Contains(conditions, e.Name) {
			return true
		}
		given, all := 0, true
		if within != nil {
			ast.Inspect(within, func(n ast.Node) bool {
				if assigned, ok := n.(*ast.AssignStmt); ok {
					for i, left := range assigned.Lhs {
						if name, ok := left.(*ast.Ident); ok && name.Name == e.Name && i < len(assigned.Rhs) {
							given++
							all = all && constant(assigned.Rhs[i], within)
						}
					}
				}
				return true
			})
		}
		return given > 0 && all || e.Obj != nil && e.Obj.Kind == ast.Con || moduleElement == e.Name
	}
	return false
}

// moduleElement is a constant that another pattern of its file is made of.
const moduleElement = "moduleElement"

// User text never becomes a template, nor a format.
func TestSource_TemplatesAndFormatsAreConstant(t *testing.T) {
	for path, file := range shipped(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			selector, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, _ := selector.X.(*ast.Ident)
			switch {
			case pkg != nil && pkg.Name == "plush" && slices.Contains([]string{"Render", "RenderR", "BuffaloRenderer", "RunScript", "Parse"}, selector.Sel.Name),
				pkg != nil && pkg.Name == "plush" && selector.Sel.Name == "NewTemplate" && path != "actions/view/engine.go":
				require.Fail(t, "a template that is no file", path)
			case selector.Sel.Name == "Redirect" && pkg != nil && pkg.Name == "c":
				_, literal := call.Args[1].(*ast.BasicLit)
				require.True(t, literal, "%s: the second argument of Redirect is a format", path)
			case selector.Sel.Name == "Bind":
				require.Fail(t, "Bind takes whatever a form sends", path)
			case selector.Sel.Name == "Resource" && pkg != nil && pkg.Name == "app":
				require.Fail(t, "Resource maps routes that nobody guards", path)
			}
			return true
		})
	}
}

// Templates put nothing into scripts, styles or handlers, and our scripts take
// no text for code.
func TestSource_TemplatesAndScripts(t *testing.T) {
	inScript := regexp.MustCompile(`(?is)<script[^>]*>[^<]|<style|\son\w+=`)
	asCode := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setTimeout\(\s*["'\x60]|localStorage|sessionStorage|indexedDB|postMessage|onpaste|window\.\w+\s*=[^=]`)
	templates := 0
	for _, path := range tracked(t) {
		text, err := os.ReadFile("../" + path)
		require.NoError(t, err)
		switch {
		case strings.HasPrefix(path, "templates/mail/"): // mail programs know no stylesheet
		case strings.HasPrefix(path, "templates/") && strings.HasSuffix(path, ".html"):
			templates++
			require.NotRegexp(t, inScript, regexp.MustCompile(`<%[^%]*%>`).ReplaceAllString(string(text), "…"), path)
			require.NotRegexp(t, `(?s)<script[^>]*>\s*<%`, string(text), path)
			require.NotContains(t, string(text), "raw(", path)
		case strings.HasPrefix(path, "assets/") && strings.HasSuffix(path, ".js"):
			require.NotRegexp(t, asCode, string(text), path)
		case strings.HasPrefix(path, "assets/") && strings.HasSuffix(path, ".css"):
			require.NotContains(t, string(text), "@import", path)
			require.NotRegexp(t, `url\(\s*["']?(https?:)?//`, string(text), path)
		}
	}
	require.Greater(t, templates, 15)
}

// No key, password or token stands in the repository.
func TestSource_HoldsNoSecret(t *testing.T) {
	secret := regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/=]{20}|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|xox[baprs]-[A-Za-z0-9-]{10}`)
	for _, path := range tracked(t) {
		require.NotRegexp(t, `(^|/)(\.env|.*\.sqlite|.*\.pem|.*\.key|.*\.secret)$`, path)
		text, err := os.ReadFile("../" + path)
		require.NoError(t, err)
		require.False(t, secret.Match(text), path)
	}
}

// floors are the oldest versions that no advisory speaks against; see go.mod.
// govulncheck knows none of gobuffalo's modules, so that its silence about them
// proves nothing: these are the versions that were read.
var floors = map[string]string{
	"github.com/sirupsen/logrus": "v1.9.3", "golang.org/x/text": "v0.39.0", "golang.org/x/net": "v0.56.0", "golang.org/x/crypto": "v0.52.0",
	"github.com/gorilla/sessions": "v1.4.0", "github.com/gorilla/securecookie": "v1.1.2", "github.com/gorilla/mux": "v1.8.1", "github.com/jackc/pgx/v5": "v5.9.2",
}

var exactly = map[string]string{
	"github.com/gobuffalo/buffalo": "v1.1.0", "github.com/gobuffalo/plush/v4": "v4.1.22", "github.com/gobuffalo/pop/v6": "v6.4.1",
	"github.com/gobuffalo/middleware": "v1.0.0", "github.com/gobuffalo/helpers": "v0.6.7",
}

func TestSource_VersionsThatWereRead(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Path}} {{.Version}}", "all").Output()
	require.NoError(t, err)
	found := 0
	for line := range strings.Lines(string(out)) {
		path, version, _ := strings.Cut(strings.TrimSpace(line), " ")
		if floor, ok := floors[path]; ok {
			found++
			require.False(t, older(version, floor), "%s %s is older than %s", path, version, floor)
		}
		if want, ok := exactly[path]; ok {
			found++
			require.Equal(t, want, version, path)
		}
	}
	require.Equal(t, len(floors)+len(exactly), found)
}

// older compares vX.Y.Z.
func older(a, b string) bool {
	number := regexp.MustCompile(`\d+`)
	as, bs := number.FindAllString(a, 3), number.FindAllString(b, 3)
	for i := range bs {
		x, _ := strconv.Atoi(as[i])
		y, _ := strconv.Atoi(bs[i])
		if x != y {
			return x < y
		}
	}
	return false
}
