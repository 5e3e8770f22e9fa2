package view

import (
	"bytes"
	"html/template"
	"slices"

	"github.com/gobuffalo/plush/v4/ast"
)

// fold evaluates a call while compiling, if the result is the same on every page of a
// language: a text without placeholders, or the path of an asset. It inlines partials.
// These are four fifths of the calls of a page. folded is false for other calls.
func (c *compiler) fold(node *ast.CallExpression) (steps []step, folded bool) {
	function, ok := node.Function.(*ast.Identifier)
	if !ok || node.Callee != nil || node.Block != nil || node.ChainCallee != nil || len(node.Arguments) == 0 {
		return nil, false
	}
	key, ok := node.Arguments[0].(*ast.StringLiteral)
	if !ok {
		return nil, false
	}
	text := func(s string) ([]step, bool) { return []step{{text: template.HTMLEscapeString(s)}}, true }
	switch helper := c.locale.scope.Value(function.Value); function.Value {
	case "t":
		if len(node.Arguments) == 1 && c.locale.t != nil {
			return text(c.locale.t(key.Value))
		}
	case "assetPath":
		if assetPath, ok := helper.(assetPath); ok && len(node.Arguments) == 1 {
			if path, err := assetPath(key.Value); err == nil {
				return text(path)
			}
		}
	case "partial":
		if _, ok := helper.(partialHelper); ok {
			return c.inline(key.Value, node)
		}
	}
	return nil, false
}

// maxInline is the maximum depth of inlined partials.
const maxInline = 8

// inline compiles a partial into the template that calls it. It returns nil and true if
// plush must render the template.
func (c *compiler) inline(name string, node *ast.CallExpression) (steps []step, folded bool) {
	file, arguments := partialName(name), node.Arguments[1:]
	if slices.Contains(c.partials, file) || len(c.partials) == maxInline {
		return nil, false // the page's data decides how deep a partial recurses
	}
	inner := *c
	inner.partials = append(slices.Clip(c.partials), file)
	var data expression
	if len(arguments) > 0 {
		hash, ok := arguments[0].(*ast.HashLiteral)
		if !ok || len(arguments) > 1 {
			return nil, false
		}
		for key := range hash.Pairs {
			if key.TokenLiteral() == "layout" {
				return nil, true
			}
			if slices.Contains(foldable, key.TokenLiteral()) {
				inner.folds = false
			}
		}
		if data = c.hash(hash); data == nil {
			return nil, true
		}
	}
	t, err := c.engine.template(file)
	if err != nil {
		return nil, true
	}
	partial := inner.compile(t.Input)
	if partial == nil {
		return nil, true
	}
	if data == nil {
		data = constant(map[string]any(nil))
	}
	return []step{{run: func(page *bytes.Buffer, in *scope) error {
		own, err := data(in)
		if err != nil {
			return err
		}
		err = run(partial, page, &scope{own: own.(map[string]any), outer: in})
		return callError(node, partialError(name, err))
	}}}, true
}
