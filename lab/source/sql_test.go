package source

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sqlMethods are methods that take SQL, a statement or a part of one: the argument with
// index first, and if andRest is true, also the arguments after it.
var sqlMethods = map[string]struct {
	first   int
	andRest bool
}{
	"RawQuery": {}, "Where": {}, "Order": {}, "Having": {}, "GroupBy": {andRest: true}, "Select": {andRest: true},
	"Join": {}, "LeftJoin": {}, "RightJoin": {}, "LeftOuterJoin": {}, "RightOuterJoin": {}, "InnerJoin": {}, "LeftInnerJoin": {}, "RightInnerJoin": {},
	"Exec": {}, "Query": {}, "QueryRow": {}, // after the context, if there is one, as in pgx
	"MustExec": {}, "Queryx": {}, "QueryRowx": {}, "NamedExec": {}, "NamedQuery": {}, "Prepare": {}, "Preparex": {}, "PrepareNamed": {},
	"ExecContext": {first: 1}, "QueryContext": {first: 1}, "QueryxContext": {first: 1}, "QueryRowContext": {first: 1}, "QueryRowxContext": {first: 1},
	"MustExecContext": {first: 1}, "NamedExecContext": {first: 1}, "NamedQueryContext": {first: 1},
	"PrepareContext": {first: 1}, "PreparexContext": {first: 1}, "PrepareNamedContext": {first: 1},
	"GetContext": {first: 2}, "SelectContext": {first: 2},
}

// storeMethods are methods of the field Store of a Pop connection, with the index of
// the argument that is SQL. Methods of these names of other types take no SQL.
var storeMethods = map[string]int{"Get": 1, "Select": 1}

// otherFunctions have names of sqlMethods, but take no SQL.
var otherFunctions = []string{
	"strings.Join", "filepath.Join", "path.Join", "errors.Join",
	"t.Exec", "binding.Exec", "usual.Exec", // a template, and the binders of Buffalo
}

// sqlTypes lists, by type, the fields that are SQL.
var sqlTypes = map[string][]string{
	"Statement": {"SQL"},
	"Rule":      {"Change", "Table", "Where", "Order"},
}

// sqlParameters lists, by function, the indexes of the parameters that are SQL, for the
// functions of sqlPackages. The test checks the calls of these functions, too, and those of
// package database everywhere.
var sqlParameters = map[string][]int{
	"upsert": {2}, "Change": {2}, "Read": {2}, "exec": {2},
	"findUser": {1}, "lockUser": {1, 2}, "lock": {1}, "endSessions": {1}, "endSkips": {1}, "stop": {0}, "mark": {0}, "recordFor": {1}, "locked": {2, 3},
	"remove": {0, 1, 2}, "DeleteRule": {0, 1, 2}, "UpdateRule": {0, 1, 2, 3}, // called in models/
}

var sqlPackages = []string{"models", "internal/database", "internal/ratelimit", "internal/undo", "internal/devicecookie"}

// trustedFunctions build SQL from constants and numbers.
var trustedFunctions = []string{"upsertSQL", "statement", "Columns", "List", "MigrationTableName", "deleteRows", "rowLock"}

// Prevents SQL injection: values must be arguments.
func TestSource_StatementsAreConstant(t *testing.T) {
	constants := constantsOf(productionFiles(t))
	texts, parameters := 0, 0
	for file, syntax := range productionFiles(t) {
		for _, decl := range syntax.Decls {
			s := scope{decl: decl, constants: constants[path.Dir(file)]}
			ast.Inspect(decl, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					for _, sql := range sqlArguments(n) {
						texts++
						require.True(t, s.isConstant(sql), "%s: SQL is not constant", file)
					}
					qualifier, name := callee(n)
					if qualifier != "database" && !slices.Contains(sqlPackages, path.Dir(file)) {
						return true
					}
					for _, sql := range listedArguments(n) {
						parameters++
						require.True(t, s.isConstant(sql), "%s: an argument of %s is not constant", file, name)
					}
				case *ast.CompositeLit:
					for _, sql := range sqlFields(n, n.Type) {
						texts++
						require.True(t, s.isConstant(sql), "%s: SQL is not constant", file)
					}
				}
				return true
			})
		}
	}
	require.Greater(t, texts, 50)
	require.Greater(t, parameters, 20)
}

// With *, an older release would fail on the columns of a newer release that runs at the
// same time.
func TestSource_StatementsNameTheirColumns(t *testing.T) {
	for file, syntax := range productionFiles(t) {
		ast.Inspect(syntax, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok {
				require.NotRegexp(t, `(?i)\b(select|returning)\s+(\w+\.)?\*`, literal.Value, file)
			}
			return true
		})
	}
}

// sqlArguments returns the arguments of a call that are SQL.
func sqlArguments(call *ast.CallExpr) []ast.Expr {
	qualifier, name := callee(call)
	if selector, isMethod := call.Fun.(*ast.SelectorExpr); isMethod {
		if store, isField := selector.X.(*ast.SelectorExpr); isField && store.Sel.Name == "Store" {
			if i, ok := storeMethods[name]; ok && i < len(call.Args) {
				return call.Args[i : i+1]
			}
		}
	}
	method, ok := sqlMethods[name]
	switch {
	case !ok, len(call.Args) <= method.first,
		qualifier == "prepared", // a variable of internal/database: PreparexContext took the SQL
		slices.Contains(otherFunctions, qualifier+"."+name):
		return nil
	case method.first == 0 && len(call.Args) > 1 && isContext(call.Args[0]):
		return call.Args[1:2]
	case method.andRest:
		return call.Args[method.first:]
	case strings.HasSuffix(name, "Join"): // the table and the condition
		return call.Args[:min(2, len(call.Args))]
	}
	return call.Args[method.first : method.first+1]
}

// isContext reports whether an argument is a context: ctx, or a call such as t.Context().
func isContext(e ast.Expr) bool {
	if name, ok := e.(*ast.Ident); ok {
		return name.Name == "ctx"
	}
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	_, name := callee(call)
	return name == "Context" || name == "Background"
}

// listedArguments returns the arguments of a call that are listed in sqlParameters. A
// function of the same name with fewer parameters is another one.
func listedArguments(call *ast.CallExpr) (arguments []ast.Expr) {
	_, name := callee(call)
	for _, i := range sqlParameters[name] {
		if i < len(call.Args) {
			arguments = append(arguments, call.Args[i])
		}
	}
	return arguments
}

func TestSource_OtherFunctionsOfTheseNamesTakeNoSQL(t *testing.T) {
	for call, want := range map[string]int{
		"t.Exec(page)": 0, "u.Query()": 0, "tx.RawQuery(sql).Exec()": 0, "usual.Exec(r, form)": 0, "strings.Join(list, sep)": 0,
		"o.lock(ctx)": 0, "lockUser(tx, sql)": 1, "lockUser(tx, sql, sql)": 2, "o.Store.Get(key)": 0, "o.Store.Get(list, sql)": 1,
	} {
		parsed, err := parser.ParseExpr(call)
		require.NoError(t, err)
		require.Len(t, append(listedArguments(parsed.(*ast.CallExpr)), sqlArguments(parsed.(*ast.CallExpr))...), want, call)
	}
}

func TestSource_StatementsThatAreNotConstantAreFound(t *testing.T) {
	for _, call := range []string{
		`tx.TX.Exec("DELETE FROM users WHERE email = '" + email + "'")`, `db.Query("SELECT id FROM " + table)`, `db.QueryRow(sql, id)`,
		`conn.Exec(ctx, "DROP TABLE " + table)`, `conn.Query(r.Context(), sql, id)`, `db.ExecContext(ctx, sql)`, `o.Store.Exec(sql)`,
	} {
		parsed, err := parser.ParseExpr(call)
		require.NoError(t, err)
		statements := sqlArguments(parsed.(*ast.CallExpr))
		require.Len(t, statements, 1, call)
		require.False(t, scope{decl: &ast.GenDecl{}}.isConstant(statements[0]), call)
	}
}

// sqlFields returns the fields of a composite literal, and of literals in it, that are
// SQL.
func sqlFields(literal *ast.CompositeLit, declared ast.Expr) (fields []ast.Expr) {
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
				fields = append(fields, element.Value)
			}
		case *ast.CompositeLit:
			if element.Type == nil {
				fields = append(fields, sqlFields(element, elements)...)
			}
		}
	}
	return fields
}

// constantsOf returns the names of the constants of each package, by its folder.
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

// scope is where an expression stands: a declaration, and the constants of its package.
type scope struct {
	decl      ast.Decl
	constants map[string]bool
}

// isConstant reports whether a text has no part from a client: whether it is a literal,
// a constant, a sum of such texts, the SQL of a Statement, the result of a trusted
// function, a parameter in sqlParameters, or a variable that gets only such values.
func (s scope) isConstant(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return true
	case *ast.BinaryExpr:
		return s.isConstant(e.X) && s.isConstant(e.Y)
	case *ast.CallExpr:
		_, name := callee(e)
		return slices.Contains(trustedFunctions, name) || name == "TranslateSQL" && s.isConstant(e.Args[0])
	case *ast.SelectorExpr:
		return e.Sel.Name == "SQL" // the SQL of a Statement
	case *ast.Ident:
		return s.constants[e.Name] || s.isParameter(e.Name) || s.getsConstants(e.Name)
	}
	return false
}

// getsConstants reports whether a name is a constant of the declaration, or a variable
// whose values are all constant.
func (s scope) getsConstants(name string) bool {
	values, all := 0, true
	ast.Inspect(s.decl, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i, left := range n.Lhs {
				if to, ok := left.(*ast.Ident); ok && to.Name == name && i < len(n.Rhs) {
					values++
					all = all && s.isConstant(n.Rhs[i])
				}
			}
		case *ast.GenDecl:
			for _, spec := range n.Specs {
				if value, ok := spec.(*ast.ValueSpec); ok && n.Tok == token.CONST && value.Names[0].Name == name {
					values++
				}
			}
		}
		return true
	})
	return values > 0 && all
}

// isParameter reports whether a name is a parameter in sqlParameters, of the declaration
// or of a named function in it.
func (s scope) isParameter(name string) (found bool) {
	ast.Inspect(s.decl, func(n ast.Node) bool {
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

// hasParameter reports whether a parameter of a function is in sqlParameters.
func hasParameter(function string, signature *ast.FuncType, name string) bool {
	var names []string
	for _, field := range signature.Params.List {
		for _, parameter := range field.Names {
			names = append(names, parameter.Name)
		}
	}
	return slices.ContainsFunc(sqlParameters[function], func(i int) bool { return i < len(names) && names[i] == name })
}
