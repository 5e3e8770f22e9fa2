package plans

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"corral/lab/plans/record"
)

// sendingMethods are the methods of Pop and its store that send a statement.
var sendingMethods = []string{
	"All", "Count", "Create", "Destroy", "Exec", "ExecContext", "ExecWithCount", "Exists", "Find", "First", "Get", "GetContext",
	"Last", "Query", "QueryContext", "QueryRow", "QueryRowContext", "Save", "Select", "SelectContext", "Update", "UpdateColumns",
}

// needNoPlan lists functions whose statements need not be recorded. The reasons complete
// the sentence that begins with the name of the function.
var needNoPlan = map[string]string{
	"Get":              "is recorded at the line that calls it",
	"Open":             "pings the database before the recorder starts",
	"forPooler":        "asks for a process ID before the recorder starts",
	"Examine":          "reads the whole database, for the task doctor",
	"checkRights":      "reads the names of the tables, for the task doctor on PostgreSQL only",
	"checkForeignKeys": "reads the whole database after a migration, on SQLite only",
	"writeBackup":      "copies the database, on SQLite only",
	"up":               "sets a time-out, on PostgreSQL only",
	"emptyCopy":        "empties tables of the copy",
	"write":            "updates a row of the table of migrations, which is small",
	"locked":           "takes a lock, on PostgreSQL only",
	"Undone":           "sets a savepoint and rolls back to it",
}

// unrecorded returns the lines of Go files that can send a statement, but sent none of
// the recorded ones. The plans of the statements of these lines are unknown.
func unrecorded(root string, folders []string, statements []record.Statement) (places []string, err error) {
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, entry fs.DirEntry, err error) error {
			if err == nil && path == filepath.Join(root, testKit) {
				return filepath.SkipDir
			}
			if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			relative, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			more, err := unrecordedIn(path, relative, statements)
			places = append(places, more...)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return places, nil
}

func unrecordedIn(path, relative string, statements []record.Statement) (places []string, err error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
	if err != nil || !usesSQL(file) {
		return nil, err
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if function, ok := n.(*ast.FuncDecl); ok && needNoPlan[function.Name.Name] != "" {
			return false
		}
		if call, ok := n.(*ast.CallExpr); ok && sends(file, call) {
			begin, end := files.Position(call.Pos()), files.Position(call.End())
			recorded := slices.ContainsFunc(statements, func(s record.Statement) bool {
				return s.File == filepath.ToSlash(relative) && begin.Line <= s.Line && s.Line <= end.Line
			})
			if !recorded {
				places = append(places, fmt.Sprintf("%s:%d", relative, begin.Line))
			}
		}
		return true
	})
	return places, nil
}

// usesSQL reports whether a file can send statements: it imports Pop or database/sql, or
// belongs to package models.
func usesSQL(file *ast.File) bool {
	return file.Name.Name == "models" || slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool {
		return strings.Contains(i.Path.Value, "gobuffalo/pop") || i.Path.Value == `"database/sql"`
	})
}

// sends reports whether a call sends a statement. It returns false for the methods of the
// variable tokens, a token.Store: their statements are recorded in package token. The
// method Query without arguments is that of a URL.
func sends(file *ast.File, call *ast.CallExpr) bool {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !slices.Contains(sendingMethods, selector.Sel.Name) || selector.Sel.Name == "Query" && len(call.Args) == 0 {
		return false
	}
	receiver, ok := selector.X.(*ast.Ident)
	return !ok || receiver.Name != "tokens" && !slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool {
		return strings.HasSuffix(strings.Trim(i.Path.Value, `"`), receiver.Name) // a function of a package, such as os.Create
	})
}
