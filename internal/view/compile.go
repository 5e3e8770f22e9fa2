package view

import (
	"bytes"
	"fmt"

	"github.com/gobuffalo/plush/v4/ast"
	"github.com/gobuffalo/plush/v4/parser"
	"github.com/gobuffalo/plush/v4/token"
)

// The compiler makes a function of each node of a template's syntax tree. The function
// does the same as plush's evaluator, with the same errors and panics. If one node cannot be
// compiled, plush renders the whole template: if plush took over in the middle of a page, it
// would call helpers twice.

// step writes a part of a page: text or, if run is set, what run writes.
type step struct {
	text string
	run  func(page *bytes.Buffer, in *scope) error
	line int
}

// lineError is the error of the statement that begins in a line of a template.
type lineError struct {
	line int
	error
}

func (e lineError) Error() string { return fmt.Sprintf("line %d: %v", e.line, e.error) }
func (e lineError) Unwrap() error { return e.error }

// compiler compiles one variant of a template with its partials.
type compiler struct {
	engine *Engine
	variant
	partials []string // names of the partials that are being inlined, the outermost first
	reason   *string  // where leave records a statement; nil unless fallbackReason asks
}

// compile returns the steps of a template, or nil if plush must render it.
func (c *compiler) compile(source string) []step {
	program, err := parser.Parse(source)
	if err != nil {
		return nil
	}
	return c.block(program.Statements)
}

func (c *compiler) block(statements []ast.Statement) []step {
	steps := []step{}
	for _, s := range statements {
		more := c.statement(s)
		if more == nil {
			c.leave(s)
			return nil
		}
		for _, next := range more {
			next.line = s.T().LineNumber
			if last := len(steps) - 1; last >= 0 && steps[last].run == nil && next.run == nil {
				steps[last].text += next.text
			} else {
				steps = append(steps, next)
			}
		}
	}
	return steps
}

func (c *compiler) statement(s ast.Statement) []step {
	switch node := s.(type) {
	case *ast.ExpressionStatement:
		switch expression := node.Expression.(type) {
		case *ast.HTMLLiteral:
			return []step{{text: expression.Value}}
		case *ast.StringLiteral: // a comment
			return []step{}
		}
	case *ast.ReturnStatement:
		if node.Type == token.E_START { // <%= … %>
			return c.output(node.ReturnValue)
		}
	}
	return nil
}

func run(steps []step, page *bytes.Buffer, in *scope) error {
	for _, s := range steps {
		if s.run == nil {
			page.WriteString(s.text)
		} else if err := s.run(page, in); err != nil {
			if _, inner := err.(lineError); inner {
				return err
			}
			return lineError{s.line, err}
		}
	}
	return nil
}

func (c *compiler) output(node ast.Expression) []step {
	switch node := node.(type) {
	case *ast.IfExpression:
		return c.condition(node)
	case *ast.ForExpression:
		return c.loop(node)
	case *ast.CallExpression:
		if c.folds {
			if steps, folded := c.fold(node); folded {
				return steps
			}
		}
	}
	v := c.expression(node)
	if v == nil {
		return nil
	}
	return []step{{run: func(page *bytes.Buffer, in *scope) error {
		result, err := v(in)
		if err == nil {
			write(page, result, in)
		}
		return err
	}}}
}

func (c *compiler) condition(node *ast.IfExpression) []step {
	type branch struct {
		holds expression
		steps []step
	}
	branches := []branch{{c.expression(node.Condition), c.block(node.Block.Statements)}}
	for _, other := range node.ElseIf {
		branches = append(branches, branch{c.expression(other.Condition), c.block(other.Block.Statements)})
	}
	if node.ElseBlock != nil {
		always := func(*scope) (any, error) { return true, nil }
		branches = append(branches, branch{always, c.block(node.ElseBlock.Statements)})
	}
	for _, b := range branches {
		if b.holds == nil || b.steps == nil {
			return nil
		}
	}
	return []step{{run: func(page *bytes.Buffer, in *scope) error {
		for _, b := range branches {
			v, err := b.holds(in)
			if err != nil && !isUnknown(err) {
				return err
			}
			if err == nil && truth(v) {
				return run(b.steps, page, in)
			}
		}
		return nil
	}}}
}
