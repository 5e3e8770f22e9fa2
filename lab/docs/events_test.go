package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEvents_AreInventoried(t *testing.T) {
	inventory := section(t, "The log")
	var listed []string
	for _, row := range regexp.MustCompile("(?m)^(`.+`) \\|.*$").FindAllStringSubmatch(inventory[strings.Index(inventory, "\nevent |"):], -1) {
		for _, name := range strings.Split(row[1], ", ") {
			listed = append(listed, strings.Trim(name, "`"))
		}
	}
	requests, others := loggedEvents(t)
	require.ElementsMatch(t, slices.Sorted(maps.Keys(requests)), slices.DeleteFunc(slices.Clone(listed), func(name string) bool { return others[name] }))
	for name := range others {
		require.Contains(t, inventory, "`"+name+"`")
	}
}

// requireEvents gets maps of events and the functions that cause them.
func TestEvents_AreProvoked(t *testing.T) {
	requests, _ := loggedEvents(t)
	paths, err := filepath.Glob(root + "actions/*_test.go")
	require.NoError(t, err)
	provoked := map[string]bool{}
	for _, path := range paths {
		ast.Inspect(parse(t, strings.TrimPrefix(filepath.ToSlash(path), root)), func(n ast.Node) bool {
			literal, ok := n.(*ast.CompositeLit)
			if !ok || !isProvocations(literal.Type) {
				return true
			}
			for _, element := range literal.Elts {
				event, constant := text(element.(*ast.KeyValueExpr).Key)
				require.True(t, constant, path)
				provoked[event] = true
			}
			return true
		})
	}
	require.ElementsMatch(t, slices.Sorted(maps.Keys(requests)), slices.Sorted(maps.Keys(provoked)))
}

// isProvocations reports whether a type is map[…]func(*site).
func isProvocations(e ast.Expr) bool {
	types, ok := e.(*ast.MapType)
	if !ok {
		return false
	}
	function, ok := types.Value.(*ast.FuncType)
	if !ok || len(function.Params.List) != 1 || function.Results != nil {
		return false
	}
	pointer, ok := function.Params.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	to, ok := pointer.X.(*ast.Ident)
	return ok && to.Name == "site"
}

// loggedEvents returns the events that the source logs, those of requests and others.
func loggedEvents(t *testing.T) (requests, others map[string]bool) {
	t.Helper()
	requests, others = map[string]bool{}, map[string]bool{}
	for _, folder := range []string{"actions", "cmd", "mailers", "models", "internal"} {
		require.NoError(t, filepath.WalkDir(root+folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			ast.Inspect(parse(t, strings.TrimPrefix(filepath.ToSlash(path), root)), func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					noteEvent(n, requests, others)
				case *ast.AssignStmt: // event = "…"
					if name, ok := n.Lhs[0].(*ast.Ident); ok && name.Name == "event" {
						if event, ok := text(n.Rhs[0]); ok {
							others[event] = true
						}
					}
				}
				return true
			})
			return nil
		}))
	}
	require.Greater(t, len(requests), 20)
	require.Greater(t, len(others), 5)
	return requests, others
}

func noteEvent(call *ast.CallExpr, requests, others map[string]bool) {
	if function, ok := call.Fun.(*ast.Ident); ok && (function.Name == "changed" || function.Name == "securityChanged") {
		if event, constant := text(call.Args[2]); constant { // changed calls Event
			requests[event] = true
		}
	}
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || len(call.Args) == 0 {
		return
	}
	event, constant := text(call.Args[0])
	switch name := selector.Sel.Name; {
	case name == "Event" && constant:
		requests[event] = true
	case name == "line" && len(call.Args) > 1: // r.line(level, event)
		if event, constant := text(call.Args[1]); constant {
			requests[event] = true
		}
	case slices.Contains([]string{"Debug", "Info", "Warn", "Error"}, name) && constant:
		others[event] = true
	case slices.Contains([]string{"DebugContext", "InfoContext", "WarnContext", "ErrorContext"}, name) && len(call.Args) > 1:
		if event, constant := text(call.Args[1]); constant {
			others[event] = true
		}
	case name == "Log" && len(call.Args) > 2: // logger.Log(ctx, level, event)
		if event, constant := text(call.Args[2]); constant {
			others[event] = true
		}
	}
}

func parse(t *testing.T, path string) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), root+path, nil, 0)
	require.NoError(t, err)
	return file
}

func text(e ast.Expr) (value string, ok bool) {
	literal, ok := e.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return "", false
	}
	value, err := strconv.Unquote(literal.Value)
	return value, err == nil
}
