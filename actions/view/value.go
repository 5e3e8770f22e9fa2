package view

import (
	"html/template"
	"reflect"

	"github.com/gobuffalo/plush/v4/ast"
)

// value is an expression.
type value func(in *names) (any, error)

// truth is what counts as true: neither nothing nor an empty text.
func truth(v any, err error) (bool, error) {
	if err == errUnknown {
		return false, nil
	}
	switch v := v.(type) {
	case nil:
		return false, err
	case bool:
		return v, err
	case string:
		return v != "", err
	case template.HTML:
		return v != "", err
	}
	rv := reflect.ValueOf(v)
	return rv.Kind() != reflect.Pointer || !rv.IsNil(), err
}

func (e *Engine) value(node ast.Expression) value {
	switch node := node.(type) {
	case *ast.StringLiteral:
		return func(*names) (any, error) { return node.Value, nil }
	case *ast.IntegerLiteral:
		return func(*names) (any, error) { return node.Value, nil }
	case *ast.Identifier:
		return name(node)
	case *ast.PrefixExpression:
		if right := e.value(node.Right); right != nil && node.Operator == "!" {
			return func(in *names) (any, error) {
				holds, err := truth(right(in))
				return !holds, err
			}
		}
	case *ast.InfixExpression:
		return e.infix(node)
	case *ast.HashLiteral:
		return e.hash(node)
	case *ast.CallExpression:
		return e.call(node)
	}
	return nil
}

// name is a name, or a field of what has a name: current_user.Email.
func name(node *ast.Identifier) value {
	if node.Callee == nil {
		return func(in *names) (any, error) {
			if v := in.Value(node.Value); v != nil || node.Value == "nil" {
				return v, nil
			}
			return nil, errUnknown
		}
	}
	owner := name(node.Callee)
	return func(in *names) (any, error) {
		v, err := owner(in)
		if err != nil {
			return nil, err
		}
		rv := reflect.Indirect(reflect.ValueOf(v))
		if rv.Kind() != reflect.Struct {
			return nil, errForPlush
		}
		field := rv.FieldByName(node.Value)
		if !field.IsValid() || !field.CanInterface() || field.Kind() == reflect.Pointer {
			return nil, errForPlush
		}
		return field.Interface(), nil
	}
}

func (e *Engine) infix(node *ast.InfixExpression) value {
	left, right := e.value(node.Left), e.value(node.Right)
	if left == nil || right == nil {
		return nil
	}
	switch operator := node.Operator; operator {
	case "&&", "||":
		return func(in *names) (any, error) {
			holds, err := truth(left(in))
			if err != nil || holds == (operator == "||") {
				return holds, err
			}
			return truth(right(in))
		}
	case "==", "!=", "+", "<", ">":
		return func(in *names) (any, error) {
			equality := operator == "==" || operator == "!="
			l, err := left(in)
			if err != nil && !(equality && err == errUnknown) {
				return nil, err
			}
			r, err := right(in)
			if err != nil && !(equality && err == errUnknown) {
				return nil, err
			}
			return operate(l, operator, r)
		}
	}
	return nil
}

func operate(l any, operator string, r any) (any, error) {
	if l == nil || r == nil { // a name that is not known is equal to nothing but nil
		switch operator {
		case "==":
			return l == r, nil
		case "!=":
			return l != r, nil
		}
		return nil, errForPlush
	}
	if l, ok := l.(string); ok {
		if r, ok := r.(string); ok {
			return compare(l, operator, r)
		}
	}
	if l, ok := l.(int); ok {
		if r, ok := r.(int); ok {
			return compare(l, operator, r)
		}
	}
	return nil, errForPlush
}

func compare[T int | string](l T, operator string, r T) (any, error) {
	switch operator {
	case "==":
		return l == r, nil
	case "!=":
		return l != r, nil
	case "<":
		return l < r, nil
	case ">":
		return l > r, nil
	}
	return l + r, nil
}

func (e *Engine) hash(node *ast.HashLiteral) value {
	values := map[string]value{}
	for key, v := range node.Pairs {
		if values[key.TokenLiteral()] = e.value(v); values[key.TokenLiteral()] == nil {
			return nil
		}
	}
	return func(in *names) (any, error) {
		hash := make(map[string]any, len(values))
		for key, v := range values {
			var err error
			if hash[key], err = v(in); err != nil {
				return nil, err
			}
		}
		return hash, nil
	}
}
