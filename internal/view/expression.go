package view

import (
	"errors"
	"fmt"
	"html/template"
	"reflect"

	"github.com/gobuffalo/plush/v4"
	"github.com/gobuffalo/plush/v4/ast"
)

// expression is a compiled expression: a function that evaluates it.
type expression func(in *scope) (any, error)

// expression compiles an expression. It returns nil for an expression that is left to plush.
func (c *compiler) expression(node ast.Expression) expression {
	switch node := node.(type) {
	case nil:
		return constant(nil)
	case *ast.StringLiteral:
		return constant(node.Value)
	case *ast.IntegerLiteral:
		return constant(node.Value)
	case *ast.FloatLiteral:
		return constant(node.Value)
	case *ast.Boolean:
		return constant(node.Value)
	case *ast.Identifier:
		return name(node)
	case *ast.PrefixExpression:
		return c.not(node)
	case *ast.InfixExpression:
		return c.infix(node)
	case *ast.ArrayLiteral:
		return c.array(node)
	case *ast.HashLiteral:
		return c.hash(node)
	case *ast.IndexExpression:
		return c.index(node)
	case *ast.CallExpression:
		return c.call(node)
	}
	return nil
}

func constant(v any) expression { return func(*scope) (any, error) { return v, nil } }

// truth reports whether v counts as true: it is not nil, false or "".
func truth(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case template.HTML:
		return v != ""
	}
	rv := reflect.ValueOf(v)
	return rv.Kind() != reflect.Pointer || !rv.IsNil()
}

// name compiles a name, or a field such as current_user.Email.
func name(node *ast.Identifier) expression {
	if node.Callee != nil {
		parent := name(node.Callee)
		return func(in *scope) (any, error) {
			v, err := parent(in)
			if err != nil {
				return nil, err
			}
			return field(v, node)
		}
	}
	unknown := &plush.ErrUnknownIdentifier{ID: node.Value, Err: errUnknown}
	return func(in *scope) (any, error) {
		if v := in.Value(node.Value); v != nil || node.Value == "nil" {
			return v, nil
		}
		return nil, unknown
	}
}

var errUnknown = errors.New("unknown identifier")

// isUnknown reports whether err counts as false in a condition.
func isUnknown(err error) bool {
	_, unknown := err.(*plush.ErrUnknownIdentifier)
	return unknown
}

// field returns the field or method of a struct that node names.
func field(parent any, node *ast.Identifier) (any, error) {
	rv := reflect.ValueOf(parent)
	if !rv.IsValid() {
		return nil, nil
	}
	if rv.Kind() == reflect.Pointer {
		rv = rv.Elem()
	}
	missing := func() error {
		return fmt.Errorf("'%s' does not have a field or method named '%s' (%s)", node.Callee, node.Value, node)
	}
	if rv.Kind() != reflect.Struct {
		return nil, missing()
	}
	f := rv.FieldByName(node.Value)
	if f.Kind() == reflect.Pointer {
		if f.IsNil() {
			return nil, nil
		}
		f = f.Elem()
	}
	if !f.IsValid() {
		f = rv.MethodByName(node.Value)
	}
	if !f.IsValid() {
		return nil, missing()
	}
	if !f.CanInterface() {
		return nil, fmt.Errorf("'%s'cannot return value obtained from unexported field or method '%s' (%s)", node.Callee, node.Value, node)
	}
	return f.Interface(), nil
}

func (c *compiler) not(node *ast.PrefixExpression) expression {
	right := c.expression(node.Right)
	if right == nil || node.Operator != "!" {
		return nil
	}
	return func(in *scope) (any, error) {
		v, err := right(in)
		if err != nil && !isUnknown(err) {
			return nil, err
		}
		return err != nil || !truth(v), nil // an unknown name counts as false
	}
}

func (c *compiler) array(node *ast.ArrayLiteral) expression {
	elements := c.expressions(node.Elements)
	if elements == nil {
		return nil
	}
	return func(in *scope) (any, error) {
		array := make([]any, len(elements))
		for i, element := range elements {
			var err error
			if array[i], err = element(in); err != nil {
				return nil, err
			}
		}
		return array, nil
	}
}

// expressions compiles expressions. It returns nil if one of them is left to plush.
func (c *compiler) expressions(nodes []ast.Expression) []expression {
	list := make([]expression, len(nodes))
	for i, node := range nodes {
		if list[i] = c.expression(node); list[i] == nil {
			return nil
		}
	}
	return list
}

func (c *compiler) hash(node *ast.HashLiteral) expression {
	values := map[string]expression{}
	for key, value := range node.Pairs {
		values[key.TokenLiteral()] = c.expression(value)
		if values[key.TokenLiteral()] == nil {
			return nil
		}
	}
	return func(in *scope) (any, error) {
		hash := make(map[string]any, len(values))
		for key, value := range values {
			var err error
			if hash[key], err = value(in); err != nil {
				return nil, err
			}
		}
		return hash, nil
	}
}
