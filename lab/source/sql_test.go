package source

import (
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sqlMethods are methods that take statements or parts of statements: argument from, and
// if all is true, also the arguments after it.
var sqlMethods = map[string]struct {
	from int
	all  bool
}{
	"RawQuery": {}, "Where": {}, "Order": {}, "Having": {}, "GroupBy": {all: true}, "Select": {all: true},
	"Join": {}, "LeftJoin": {}, "RightJoin": {}, "LeftOuterJoin": {}, "RightOuterJoin": {}, "InnerJoin": {}, "LeftInnerJoin": {}, "RightInnerJoin": {},
	"MustExec": {}, "Queryx": {}, "QueryRow": {}, "QueryRowx": {}, "NamedExec": {}, "NamedQuery": {}, "Prepare": {}, "Preparex": {}, "PrepareNamed": {},
	"ExecContext": {from: 1}, "QueryContext": {from: 1}, "QueryxContext": {from: 1}, "QueryRowContext": {from: 1}, "QueryRowxContext": {from: 1},
	"MustExecContext": {from: 1}, "NamedExecContext": {from: 1}, "NamedQueryContext": {from: 1},
	"PrepareContext": {from: 1}, "PreparexContext": {from: 1}, "PrepareNamedContext": {from: 1},
	"GetContext": {from: 2}, "SelectContext": {from: 2},
}

var storeMethods = map[string]int{"Get": 1, "Select": 1, "Exec": 0}

// sqlTypes lists, by type, fields that are statements or parts of statements.
var sqlTypes = map[string][]string{
	"Statement": {"SQL"},
	"Rule":      {"Change", "Table", "Where", "Order"},
}

// sqlParameters lists, by function, the indexes of parameters that are parts of
// statements, in models/, internal/database/, internal/devicecookie/, internal/ratelimit/ and
// internal/undo/. The test checks their calls, too.
var sqlParameters = map[string][]int{
	"upsert": {2}, "Change": {2}, "ChangeOne": {3}, "exec": {2}, "execOne": {3},
	"findUser": {1}, "lockUser": {1, 2}, "lock": {1}, "endSessions": {1}, "endSkips": {1}, "stop": {0}, "mark": {0}, "removeIdentities": {1}, "recordFor": {1}, "locked": {2},
	"remove": {0, 1, 2}, // in models/purge.go
}

// ownStatements are functions that build statements from constants and numbers.
var ownStatements = []string{"upsertSQL", "statement", "Columns", "List", "MigrationTableName", "deleteRows", "rowLock"}

// Prevents SQL injection: values must be arguments.
func TestSource_StatementsAreConstant(t *testing.T) {
	constants := constantsOf(shipped(t))
	statements, parameters := 0, 0
	for file, syntax := range shipped(t) {
		for _, decl := range syntax.Decls {
			s := source{decl, constants[path.Dir(file)]}
			ast.Inspect(decl, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					for _, text := range statementsOf(n) {
						statements++
						require.True(t, s.constant(text), "%s: a statement is not constant", file)
					}
					_, name := called(n)
					for _, i := range sqlParameters[name] {
						if !slices.Contains([]string{"models", "internal/database", "internal/ratelimit", "internal/undo", "internal/devicecookie"}, path.Dir(file)) {
							continue
						}
						parameters++
						require.True(t, s.constant(n.Args[i]), "%s: an argument of %s is not constant", file, name)
					}
				case *ast.CompositeLit:
					for _, text := range statementsIn(n, n.Type) {
						statements++
						require.True(t, s.constant(text), "%s: a statement is not constant", file)
					}
				}
				return true
			})
		}
	}
	require.Greater(t, statements, 50)
	require.Greater(t, parameters, 20)
}

// With *, an older release would fail on the columns of a newer one that runs at the same
// time.
func TestSource_StatementsNameTheirColumns(t *testing.T) {
	for file, syntax := range shipped(t) {
		ast.Inspect(syntax, func(n ast.Node) bool {
			if text, ok := n.(*ast.BasicLit); ok {
				require.NotRegexp(t, `(?i)\b(select|returning)\s+(\w+\.)?\*`, text.Value, file)
			}
			return true
		})
	}
}

func statementsOf(call *ast.CallExpr) []ast.Expr {
	on, name := called(call)
	if selector, isMethod := call.Fun.(*ast.SelectorExpr); isMethod {
		if store, isField := selector.X.(*ast.SelectorExpr); isField && store.Sel.Name == "Store" {
			if i, ok := storeMethods[name]; ok {
				return call.Args[i : i+1]
			}
		}
	}
	method, ok := sqlMethods[name]
	switch {
	case !ok, len(call.Args) <= method.from,
		on == "prepared", // PreparexContext was given its statement
		slices.Contains([]string{"strings", "filepath", "path", "errors"}, on):
		return nil
	case method.all:
		return call.Args[method.from:]
	case strings.HasSuffix(name, "Join"): // the table and the condition
		return call.Args[:min(2, len(call.Args))]
	}
	return call.Args[method.from : method.from+1]
}

// statementsIn returns the fields of a composite literal, and of literals in it, that are
// statements.
func statementsIn(literal *ast.CompositeLit, declared ast.Expr) (texts []ast.Expr) {
	name, elements := "", ast.Expr(nil)
	switch declared := declared.(type) {
	case *ast.Ident:
		name = declared.Name
	case *ast.SelectorExpr:
		name = declared.Sel.Name
	case *ast.ArrayType:
		elements = declared.Elt
	}
	for _, element := range literal.Elts {
		switch element := element.(type) {
		case *ast.KeyValueExpr:
			if key, ok := element.Key.(*ast.Ident); ok && slices.Contains(sqlTypes[name], key.Name) {
				texts = append(texts, element.Value)
			}
		case *ast.CompositeLit:
			if element.Type == nil {
				texts = append(texts, statementsIn(element, elements)...)
			}
		}
	}
	return texts
}

func constantsOf(files map[string]*ast.File) map[string]map[string]bool {
	packages := map[string]map[string]bool{}
	for file, syntax := range files {
		folder := path.Dir(file)
		if packages[folder] == nil {
			packages[folder] = map[string]bool{}
		}
		for _, decl := range syntax.Decls {
			if general, ok := decl.(*ast.GenDecl); ok && general.Tok == token.CONST {
				for _, spec := range general.Specs {
					for _, name := range spec.(*ast.ValueSpec).Names {
						packages[folder][name.Name] = true
					}
				}
			}
		}
	}
	return packages
}

// source is a declaration, with the constants of its package.
type source struct {
	within    ast.Decl
	constants map[string]bool
}

// constant reports whether a text is constant: a literal, a sum of constant texts, a
// parameter in sqlParameters, or a variable that gets only such values.
func (s source) constant(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return true
	case *ast.BinaryExpr:
		return s.constant(e.X) && s.constant(e.Y)
	case *ast.CallExpr:
		_, name := called(e)
		return slices.Contains(ownStatements, name) || name == "TranslateSQL" && s.constant(e.Args[0])
	case *ast.SelectorExpr:
		return e.Sel.Name == "SQL" // of a Statement
	case *ast.Ident:
		return s.constants[e.Name] || s.isParameter(e.Name) || s.isGivenConstants(e.Name)
	}
	return false
}

func (s source) isGivenConstants(name string) bool {
	given, all := 0, true
	ast.Inspect(s.within, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i, left := range n.Lhs {
				if to, ok := left.(*ast.Ident); ok && to.Name == name && i < len(n.Rhs) {
					given++
					all = all && s.constant(n.Rhs[i])
				}
			}
		case *ast.GenDecl:
			for _, spec := range n.Specs {
				if value, ok := spec.(*ast.ValueSpec); ok && n.Tok == token.CONST && value.Names[0].Name == name {
					given++
				}
			}
		}
		return true
	})
	return given > 0 && all
}

// isParameter reports whether a name is a parameter in sqlParameters, of the declaration
// or of a named function in it.
func (s source) isParameter(name string) (found bool) {
	ast.Inspect(s.within, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			found = found || hasParameter(n.Name.Name, n.Type, name)
		case *ast.AssignStmt:
			if function, ok := n.Rhs[0].(*ast.FuncLit); ok {
				if to, ok := n.Lhs[0].(*ast.Ident); ok {
					found = found || hasParameter(to.Name, function.Type, name)
				}
			}
		}
		return true
	})
	return found
}

func hasParameter(function string, signature *ast.FuncType, name string) bool {
	var names []string
	for _, field := range signature.Params.List {
		for _, parameter := range field.Names {
			names = append(names, parameter.Name)
		}
	}
	return slices.ContainsFunc(sqlParameters[function], func(i int) bool { return i < len(names) && names[i] == name })
}
