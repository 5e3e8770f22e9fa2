package modelstest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
)

// sending are the methods of pop and of its store that send a statement.
var sending = []string{
	"All", "Count", "Create", "Destroy", "Exec", "ExecContext", "ExecWithCount", "Exists", "Find", "First", "Get", "GetContext",
	"Last", "QueryContext", "QueryRowContext", "Save", "Select", "SelectContext", "Update", "UpdateColumns",
}

// needNoPlan are functions whose statements may go unheard: they look for no row.
var needNoPlan = map[string]string{
	"Connect":           "asks whether the database answers, before anybody listens",
	"Backup":            "copies the database, on SQLite only",
	"withMigrationLock": "takes a lock, on PostgreSQL only",
	"withSweepLock":     "takes a lock, on PostgreSQL only",
	"undone":            "marks a place in a transaction, and goes back to it",
	"mayIdle":           "says how long it is held, on PostgreSQL only",
}

// unheard returns the places in the Go files of a folder that send a statement
// and did not: a plan that nobody has read may scan.
func unheard(folder string, statements []statement) (places []string, err error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil, err
	}
	files := token.NewFileSet()
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if function, ok := n.(*ast.FuncDecl); ok && needNoPlan[function.Name.Name] != "" {
				return false
			}
			if call, ok := n.(*ast.CallExpr); ok && sends(file, call) {
				begin, end := files.Position(call.Pos()), files.Position(call.End())
				heard := slices.ContainsFunc(statements, func(s statement) bool {
					return filepath.Base(s.caller.File) == filepath.Base(path) && begin.Line <= s.caller.Line && s.caller.Line <= end.Line
				})
				if !heard {
					places = append(places, fmt.Sprintf("%s:%d", path, begin.Line))
				}
			}
			return true
		})
	}
	return places, nil
}

// sends says whether it is one of the methods, and not a function of a package.
func sends(file *ast.File, call *ast.CallExpr) bool {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !slices.Contains(sending, selector.Sel.Name) {
		return false
	}
	on, ok := selector.X.(*ast.Ident)
	return !ok || !slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool {
		return strings.HasSuffix(strings.Trim(i.Path.Value, `"`), on.Name)
	})
}
