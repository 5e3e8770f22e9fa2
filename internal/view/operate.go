package view

import (
	"cmp"
	"fmt"

	"github.com/gobuffalo/plush/v4/ast"
)

func (c *compiler) infix(node *ast.InfixExpression) expression {
	switch node.Operator {
	case "&&", "||":
		return c.logic(node)
	case "==", "!=":
		return c.operation(node, lenient(c.expression(node.Left)), lenient(c.expression(node.Right)))
	case "+", "-", "*", "/", "<", ">", "<=", ">=":
		return c.operation(node, c.expression(node.Left), c.expression(node.Right))
	}
	return nil
}

// lenient returns nil for an operand that fails, as plush does for some operators.
func lenient(operand expression) expression {
	if operand == nil {
		return nil
	}
	return func(in *scope) (any, error) {
		v, err := operand(in)
		if err != nil {
			return nil, nil
		}
		return v, nil
	}
}

func (c *compiler) logic(node *ast.InfixExpression) expression {
	left, right := lenient(c.expression(node.Left)), lenient(c.expression(node.Right))
	if left == nil || right == nil {
		return nil
	}
	return func(in *scope) (any, error) {
		v, err := left(in)
		if err == nil && truth(v) == (node.Operator == "&&") {
			v, err = right(in)
		}
		return truth(v), err
	}
}

func (c *compiler) operation(node *ast.InfixExpression, left, right expression) expression {
	if left == nil || right == nil {
		return nil
	}
	return func(in *scope) (any, error) {
		l, err := left(in)
		if err != nil {
			return nil, err
		}
		r, err := right(in)
		if err != nil {
			return nil, err
		}
		return operate(l, node.Operator, r)
	}
}

func operate(l any, operator string, r any) (any, error) {
	if l == nil || r == nil {
		switch operator {
		case "==":
			return l == r, nil
		case "!=":
			return l != r, nil
		}
		return nil, fmt.Errorf("unknown operator '%s' on '%T' and '%T' ", operator, l, r)
	}
	switch l := l.(type) {
	case string:
		text, ok := r.(string)
		if !ok {
			text = fmt.Sprint(r)
		}
		switch operator {
		case "+":
			return l + text, nil
		case "-", "*", "/":
			return nil, fmt.Errorf("unknown operator for string %s", operator)
		}
		return compare(l, operator, text)
	case int:
		if r, ok := r.(int); ok {
			return calculate(l, operator, r)
		}
	case int64:
		if r, ok := r.(int64); ok {
			return calculate(int(l), operator, int(r))
		}
	case float64:
		if r, ok := r.(float64); ok {
			return calculate(l, operator, r)
		}
	case bool:
		switch operator {
		case "+": // means && in plush
			return l && truth(r), nil
		case "==":
			return l == truth(r), nil
		case "!=":
			return l != truth(r), nil
		}
		return nil, fmt.Errorf("unknown operator (%s) on %T and %T ", operator, l, truth(r))
	}
	return nil, fmt.Errorf("unable to operate (%s) on %T and %T ", operator, l, r)
}

func calculate[T int | float64](l T, operator string, r T) (any, error) {
	switch operator {
	case "+":
		return l + r, nil
	case "-":
		return l - r, nil
	case "*":
		return l * r, nil
	case "/":
		if r == 0 {
			return nil, fmt.Errorf("division by zero %v %s %v", l, operator, r)
		}
		return l / r, nil
	}
	return compare(l, operator, r)
}

func compare[T cmp.Ordered](l T, operator string, r T) (any, error) {
	switch operator {
	case "==":
		return l == r, nil
	case "!=":
		return l != r, nil
	case "<":
		return l < r, nil
	case ">":
		return l > r, nil
	case "<=":
		return l <= r, nil
	}
	return l >= r, nil
}
