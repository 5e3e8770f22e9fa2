package source

import (
	"go/ast"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a client typed never becomes a template, nor a format.
func TestSource_TemplatesAndFormatsAreConstant(t *testing.T) {
	redirects := 0
	for path, file := range shipped(t) {
		eachCall(file, func(within *ast.FuncDecl, call *ast.CallExpr) {
			switch on, name := called(call); {
			case on == "plush" && slices.Contains([]string{"Render", "RenderR", "BuffaloRenderer", "RunScript", "Parse"}, name),
				on == "plush" && name == "NewTemplate" && path != "internal/view/template.go":
				require.Fail(t, "a template that is not a file", path)
			case on == "c" && name == "Redirect" && within.Name.Name == "redirect":
				require.Equal(t, "to", call.Args[1].(*ast.Ident).Name, "%s: what the calls below give", path)
			case on == "c" && name == "Redirect", on == "" && name == "redirect":
				_, literal := call.Args[1].(*ast.BasicLit)
				require.True(t, literal, "%s: the second argument of Redirect is a format", path)
				redirects++
			case on == "app" && name == "Resource":
				require.Fail(t, "Resource maps routes that no line of the table names", path)
			}
		})
	}
	require.Greater(t, redirects, 10)
}

// What a client sends is bound to a form struct, which lists its fields, and
// never to a model.
func TestSource_FormsAreBound(t *testing.T) {
	bound := 0
	for path, file := range shipped(t) {
		eachCall(file, func(within *ast.FuncDecl, call *ast.CallExpr) {
			on, name := called(call)
			if name != "Bind" {
				return
			}
			require.Equal(t, "web", on, "%s: c.Bind reads the query too", path)
			require.Regexp(t, `^[a-z]\w*Form$`, typeOf(call.Args[1], within), "%s: Bind fills every field", path)
			bound++
		})
	}
	require.Greater(t, bound, 5)
}

// called returns the name of a function that is called, and what it is a function
// or method of.
func called(call *ast.CallExpr) (on, name string) {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return "", f.Name
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok {
			on = x.Name
		}
		return on, f.Sel.Name
	}
	return "", ""
}

// typeOf returns the name of the type of a variable of a function that is given
// by its address, or "".
func typeOf(e ast.Expr, within *ast.FuncDecl) (name string) {
	address, ok := e.(*ast.UnaryExpr)
	if !ok {
		return ""
	}
	ast.Inspect(within, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && spec.Names[0].Name == address.X.(*ast.Ident).Name {
			if declared, ok := spec.Type.(*ast.Ident); ok {
				name = declared.Name
			}
		}
		return true
	})
	return name
}

// eachCall calls fn with every call in the functions of a file.
func eachCall(file *ast.File, fn func(within *ast.FuncDecl, call *ast.CallExpr)) {
	for _, decl := range file.Decls {
		if within, ok := decl.(*ast.FuncDecl); ok {
			ast.Inspect(within, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					fn(within, call)
				}
				return true
			})
		}
	}
}

// Templates put nothing into scripts, styles or handlers, and our scripts take
// no text for code.
func TestSource_TemplatesAndScripts(t *testing.T) {
	inScript := regexp.MustCompile(`(?is)<script[^>]*>[^<]|<style|\son\w+=`)
	asCode := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setTimeout\(\s*["'\x60]|localStorage|sessionStorage|indexedDB|postMessage|onpaste|window\.\w+\s*=[^=]`)
	templates := 0
	for _, path := range tracked(t) {
		text, err := os.ReadFile(root + path)
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
