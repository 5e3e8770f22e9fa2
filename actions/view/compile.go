package view

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gobuffalo/plush/v4/ast"
	"github.com/gobuffalo/plush/v4/parser"
	"github.com/gobuffalo/plush/v4/token"
)

// A template is compiled into functions, one for each node of its syntax tree,
// that do what plush does for the everyday part of its language: texts, names,
// conditions, loops, calls, partials. Whatever they do not know, or fail at, is
// left to plush, which then has the say, and the words of the error.

// step writes a part of a page.
type step func(page *bytes.Buffer, in *names) error

var (
	errUnknown  = errors.New("no such name") // false in a condition
	errForPlush = errors.New("for plush")
)

// compile returns nil when a part of the template is for plush.
func (e *Engine) compile(source string) []step {
	program, err := parser.Parse(source)
	if err != nil {
		return nil
	}
	return e.block(program.Statements)
}

func (e *Engine) block(statements []ast.Statement) []step {
	steps := []step{}
	for _, s := range statements {
		var next step
		switch node := s.(type) {
		case *ast.ExpressionStatement:
			if html, ok := node.Expression.(*ast.HTMLLiteral); ok {
				next = func(page *bytes.Buffer, _ *names) error { page.WriteString(html.Value); return nil }
			}
		case *ast.ReturnStatement:
			if node.Type == token.E_START { // <%= … %>
				next = e.step(node.ReturnValue)
			}
		}
		if next == nil {
			return nil
		}
		steps = append(steps, next)
	}
	return steps
}

func run(steps []step, page *bytes.Buffer, in *names) error {
	for _, s := range steps {
		if err := s(page, in); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) step(node ast.Expression) step {
	switch node := node.(type) {
	case *ast.IfExpression:
		return e.condition(node)
	case *ast.ForExpression:
		return e.loop(node)
	}
	if v := e.value(node); v != nil {
		return func(page *bytes.Buffer, in *names) error {
			shown, err := v(in)
			if err != nil {
				return err
			}
			return write(page, shown)
		}
	}
	return nil
}

// write escapes text.
func write(page *bytes.Buffer, shown any) error {
	switch v := shown.(type) {
	case nil:
	case template.HTML:
		page.WriteString(string(v))
	case string:
		template.HTMLEscape(page, []byte(v))
	case int:
		page.WriteString(strconv.Itoa(v))
	case time.Time, *time.Time, interface{ Interface() any }, interface{ HTML() template.HTML }:
		return errForPlush
	case fmt.Stringer: // an id, say; plush does not escape it either
		page.WriteString(v.String())
	default:
		return errForPlush
	}
	return nil
}

func (e *Engine) condition(node *ast.IfExpression) step {
	type branch struct {
		holds value
		steps []step
	}
	branches := []branch{{e.value(node.Condition), e.block(node.Block.Statements)}}
	for _, other := range node.ElseIf {
		branches = append(branches, branch{e.value(other.Condition), e.block(other.Block.Statements)})
	}
	if node.ElseBlock != nil {
		always := func(*names) (any, error) { return true, nil }
		branches = append(branches, branch{always, e.block(node.ElseBlock.Statements)})
	}
	for _, b := range branches {
		if b.holds == nil || b.steps == nil {
			return nil
		}
	}
	return func(page *bytes.Buffer, in *names) error {
		for _, b := range branches {
			holds, err := truth(b.holds(in))
			if err != nil {
				return err
			}
			if holds {
				return run(b.steps, page, in)
			}
		}
		return nil
	}
}

func (e *Engine) loop(node *ast.ForExpression) step {
	list, steps := e.value(node.Iterable), e.block(node.Block.Statements)
	if list == nil || steps == nil {
		return nil
	}
	return func(page *bytes.Buffer, in *names) error {
		v, err := list(in)
		if err != nil {
			return err
		}
		each := func(key, item any) error {
			return run(steps, page, &names{map[string]any{node.KeyName: key, node.ValueName: item}, in})
		}
		rv := reflect.ValueOf(v)
		switch {
		case rv.Kind() == reflect.Slice:
			for i := range rv.Len() {
				if err := each(i, rv.Index(i).Interface()); err != nil {
					return err
				}
			}
		case rv.Kind() == reflect.Map && rv.Type().Key().Kind() == reflect.String:
			keys := rv.MapKeys() // in an order of their own on each page, if they were not sorted
			slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
			for _, key := range keys {
				if err := each(key.Interface(), rv.MapIndex(key).Interface()); err != nil {
					return err
				}
			}
		default:
			return errForPlush
		}
		return nil
	}
}
