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

// Prevents injection: a value from a client must not become a template or a format.
func TestSource_TemplatesAndFormatsAreConstant(t *testing.T) {
	redirects, pages := 0, 0
	for path, file := range productionFiles(t) {
		eachCall(file, func(function *ast.FuncDecl, call *ast.CallExpr) {
			switch qualifier, name := callee(call); {
			case strings.HasPrefix(path, "internal/"): // has no pages of the app
			case (qualifier == "r" || qualifier == "render") && slices.Contains(renderers, name), qualifier == "" && slices.Contains(renderPages, name):
				pages++
				template := call.Args[0]
				if qualifier == "" {
					template = call.Args[2]
				}
				_, literal := template.(*ast.BasicLit)
				parameter, ok := template.(*ast.Ident)
				require.True(t, literal || ok && slices.Contains(renderPages, function.Name.Name) && parameter.Name == "template", "%s: a client chooses the template", path)
			}
			switch qualifier, name := callee(call); {
			case qualifier == "plush" && slices.Contains([]string{"Render", "RenderR", "BuffaloRenderer", "RunScript", "Parse"}, name),
				qualifier == "plush" && name == "NewTemplate" && path != "internal/view/template.go":
				require.Fail(t, "a template that is not a file", path)
			case qualifier == "c" && name == "Redirect" && path == "internal/web/redirect.go" && function.Name.Name == "Redirect":
				require.Equal(t, "to", call.Args[1].(*ast.Ident).Name, "%s: the format is checked at the calls of web.Redirect", path)
			case name == "redirect" && path == "actions/account_security.go" && function.Name.Name == "changed":
				require.Equal(t, "to", call.Args[1].(*ast.Ident).Name, "%s: the format is checked at the calls of changed", path)
			case qualifier == "" && name == "changed":
				require.IsType(t, &ast.BasicLit{}, call.Args[4], "%s: the last argument of changed is a format", path)
			case qualifier == "c" && name == "Redirect", qualifier == "" && name == "redirect", qualifier == "web" && name == "Redirect":
				_, literal := call.Args[1].(*ast.BasicLit)
				require.True(t, literal, "%s: the second argument of Redirect is a format", path)
				redirects++
			case qualifier == "app" && name == "Resource":
				require.Fail(t, "Resource adds routes without a line in the table", path)
			}
		})
	}
	require.Greater(t, redirects, 10)
	require.Greater(t, pages, 15)
}

// renderers are methods whose first argument is a template, or its name.
var renderers = []string{"HTML", "Text", "Plain", "Bytes", "JavaScript", "Template", "String", "Auto"}

// renderPages are functions of package actions whose third argument is the name of a template.
var renderPages = []string{"renderPage", "renderForm"}

// Prevents mass assignment: requests must be bound to form structs, not to models.
func TestSource_FormsAreBound(t *testing.T) {
	bound := 0
	for path, file := range productionFiles(t) {
		eachCall(file, func(function *ast.FuncDecl, call *ast.CallExpr) {
			qualifier, name := callee(call)
			if name != "Bind" && name != "BindScript" || function.Recv != nil && function.Name.Name == "Bind" { // a context's own
				return
			}
			require.Equal(t, "web", qualifier, "%s: c.Bind reads the query too", path)
			require.Regexp(t, `^[a-z]\w*Form$`, typeOf(call.Args[1], function), "%s: Bind fills every field", path)
			bound++
		})
	}
	require.Greater(t, bound, 5)
}

// callee returns the name of a called function. The qualifier is the name before the
// dot, a package or a variable, or "".
func callee(call *ast.CallExpr) (qualifier, name string) {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return "", f.Name
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok {
			qualifier = x.Name
		}
		return qualifier, f.Sel.Name
	}
	return "", ""
}

// typeOf returns the type of a variable that is passed by its address, or "".
func typeOf(e ast.Expr, function *ast.FuncDecl) (name string) {
	address, ok := e.(*ast.UnaryExpr)
	if !ok {
		return ""
	}
	ast.Inspect(function, func(n ast.Node) bool {
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
func eachCall(file *ast.File, fn func(function *ast.FuncDecl, call *ast.CallExpr)) {
	for _, decl := range file.Decls {
		if function, ok := decl.(*ast.FuncDecl); ok {
			ast.Inspect(function, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					fn(function, call)
				}
				return true
			})
		}
	}
}

// A URL in a page must be a constant path, a path helper or an asset. A value from a
// client could be a javascript: URL, which plush does not refuse.
func TestSource_LinksAreTheAppsOwn(t *testing.T) {
	values := valuesOf(t)
	attribute := regexp.MustCompile(`(?i)\b(?:href|src|srcset|action|formaction|poster|cite|data|background|ping)\s*=\s*("(?:<%(?s:.*?)%>|[^"])*"|[^"]\S*)`)
	own := regexp.MustCompile(`^"(?:/[\w/.-]*|/\w[\w/.-]*(?:\?\w*)?(?:<%= [\w.]+ %>)?(?:\?\w+)?|#\w+|<%= assetPath\("[\w/.-]+"\) %>|<%= \w+Path\([^)]*\) %>(?:\?\w+=<%= \w+ %>|<%= next_query %>)?)"$`)
	choice := regexp.MustCompile(`<%= if \([\w.]+\) { %>(/\w*)<% } else { %>/\w*<% } %>`)
	value := regexp.MustCompile(`^"<%= (\w+) %>"$`)
	links := 0
	for _, path := range tracked(t) {
		if !strings.HasPrefix(path, "templates/") || !strings.HasSuffix(path, ".html") || strings.HasPrefix(path, "templates/mail/") {
			continue
		}
		text, err := os.ReadFile(root + path)
		require.NoError(t, err)
		require.NotRegexp(t, `(?i)<base\b|http-equiv`, string(text), path)
		for _, match := range attribute.FindAllStringSubmatch(string(text), -1) {
			links++
			url := choice.ReplaceAllString(match[1], "$1")
			if name := value.FindStringSubmatch(url); name != nil {
				require.NotEmpty(t, values[name[1]], "%s: %s is set by no handler", path, url)
				for _, e := range values[name[1]] {
					require.True(t, startsWithPath(e), "%s: %s may begin with what a client sent", path, url)
				}
				continue
			}
			require.Regexp(t, own, url, path)
		}
	}
	require.Greater(t, links, 50)
}

// valuesOf returns the expressions that handlers set template variables to, by name.
func valuesOf(t *testing.T) map[string][]ast.Expr {
	values := map[string][]ast.Expr{}
	for _, file := range productionFiles(t) {
		eachCall(file, func(_ *ast.FuncDecl, call *ast.CallExpr) {
			if qualifier, name := callee(call); qualifier == "c" && name == "Set" {
				if key, ok := call.Args[0].(*ast.BasicLit); ok {
					name := strings.Trim(key.Value, `"`)
					values[name] = append(values[name], call.Args[1])
				}
			}
		})
	}
	return values
}

// startsWithPath reports whether a text begins with a constant path of the app.
func startsWithPath(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return regexp.MustCompile(`^"/\w`).MatchString(e.Value)
	case *ast.BinaryExpr:
		return startsWithPath(e.X)
	case *ast.IndexExpr: // an item of a constant map
		literal, ok := e.X.(*ast.CompositeLit)
		return ok && !slices.ContainsFunc(literal.Elts, func(element ast.Expr) bool { return !startsWithPath(element.(*ast.KeyValueExpr).Value) })
	}
	return false
}

// Templates must not write values into scripts, styles or event handlers, and scripts
// must not evaluate text.
func TestSource_TemplatesAndScripts(t *testing.T) {
	inScript := regexp.MustCompile(`(?is)<script[^>]*>[^<]|<style|<(object|embed|iframe|applet)\b|\son\w+\s*=`)
	asCode := regexp.MustCompile(`innerHTML|setHTMLUnsafe|createContextualFragment|parseFromString|srcdoc|outerHTML|insertAdjacentHTML|document\.write|\beval\(|setAttribute\(\s*["'\x60]on|createElement\(\s*["'\x60]script|new RegExp\(|new Function|setTimeout\(\s*["'\x60]|localStorage|sessionStorage|indexedDB|postMessage|onpaste|window\.\w+\s*=[^=]`)
	templates := 0
	for _, path := range tracked(t) {
		text, err := os.ReadFile(root + path)
		require.NoError(t, err)
		switch {
		case strings.HasPrefix(path, "templates/mail/"): // mail programs ignore stylesheets
		case strings.HasPrefix(path, "templates/") && strings.HasSuffix(path, ".html"):
			templates++
			require.NotRegexp(t, inScript, regexp.MustCompile(`<%[^%]*%>`).ReplaceAllString(string(text), "…"), path)
			for _, script := range regexp.MustCompile(`<script[^>]*>`).FindAllString(regexp.MustCompile(`<%[^%]*%>`).ReplaceAllString(string(text), "…"), -1) {
				require.Contains(t, script, `type="module"`, path)
			}
			require.NotRegexp(t, `(?s)<script[^>]*>\s*<%`, string(text), path)
			require.NotContains(t, string(text), "raw(", path)
			require.NotRegexp(t, `partial\([^"]`, string(text), "%s: a client chooses the template", path)
		case strings.HasPrefix(path, "assets/") && strings.HasSuffix(path, ".js"):
			require.NotRegexp(t, asCode, string(text), path)
		case strings.HasPrefix(path, "assets/") && strings.HasSuffix(path, ".css"):
			require.NotContains(t, string(text), "@import", path)
			require.NotRegexp(t, `url\(\s*["']?(https?:)?//`, string(text), path)
		}
	}
	require.Greater(t, templates, 15)
}
