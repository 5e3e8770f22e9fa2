package view

import (
	"html/template"
	"io/fs"
	"path"
	"regexp"
)

// scope is where a template looks its names up.
type scope interface{ Value(key any) any }

// constant is what a template asks for that is the same on every page in one
// language: a text without placeholders, a file's address, the source of a
// partial that is given nothing.
var constant = regexp.MustCompile(`<%= (t|assetPath|partial)\("([^"\\]+)"\) %>`)

// declares finds a variable of a template's own, which must not become another's.
var declares = regexp.MustCompile(`<%=?\s*let\s`)

// fold writes the constants of a template into its source before it is parsed,
// so that they are looked up once and not on every page: four fifths of what a
// page evaluates. What it cannot fold stays, and fails, if it does, when it is
// evaluated. A text is escaped as plush would, so no <% comes in with it.
func (e *Engine) fold(source string, t Translate, in scope, depth int) string {
	return constant.ReplaceAllStringFunc(source, func(call string) string {
		match := constant.FindStringSubmatch(call)
		switch name := match[2]; match[1] {
		case "t":
			return template.HTMLEscapeString(t(name))
		case "assetPath":
			if assetPath, ok := in.Value("assetPath").(func(string) (string, error)); ok {
				if address, err := assetPath(name); err == nil {
					return template.HTMLEscapeString(address)
				}
			}
		case "partial":
			folder, file := path.Split(name)
			text, err := fs.ReadFile(e.templates, fileName(folder+"_"+file))
			if err == nil && depth < maxFold {
				if folded := e.fold(string(text), t, in, depth+1); !declares.MatchString(folded) {
					return folded
				}
			}
		}
		return call
	})
}

// maxFold is how deep partials within partials are looked into: one may, by
// mistake, contain itself.
const maxFold = 8
