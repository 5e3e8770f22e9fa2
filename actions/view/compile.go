package view

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/gobuffalo/plush/v4"
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

// value is an expression.
type value func(in *names) (any, error)

var (
	errUnknown  = errors.New("no such name") // false in a condition
	errForPlush = errors.New("for plush")
)

// names are what a template may refer to: its own, then what surrounds it.
type names struct {
	own   map[string]any
	outer *names
}

// Value returns nil for a name that is not known, as plush does.
func (n *names) Value(key any) any {
	name, ok := key.(string)
	for ; ok && n != nil; n = n.outer {
		if v, found := n.own[name]; found {
			return v
		}
	}
	return nil
}

// forPlush is the same for plush.
func (n *names) forPlush() *plush.Context {
	if n.outer == nil {
		return plush.NewContextWith(n.own)
	}
	return plush.NewContextWithOuter(n.own, n.outer.forPlush())
}

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
	case time.Time, interface{ Interface() any }, interface{ HTML() template.HTML }:
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
			slices.SortFunc(keys, func(a, b reflect.Value) int { return bytes.Compare([]byte(a.String()), []byte(b.String())) })
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

// call calls a helper: t("key"), moment(at). Those that want to know of plush's
// context are for plush, but for partial, which is the engine's own.
func (e *Engine) call(node *ast.CallExpression) value {
	function, ok := node.Function.(*ast.Identifier)
	if !ok || function.Callee != nil || node.Callee != nil || node.ChainCallee != nil || node.Block != nil {
		return nil
	}
	var arguments []value
	for _, a := range node.Arguments {
		v := e.value(a)
		if v == nil {
			return nil
		}
		arguments = append(arguments, v)
	}
	helper := name(function)
	return func(in *names) (any, error) {
		f, err := helper(in)
		if err != nil {
			return nil, err
		}
		given := make([]any, len(arguments))
		for i, a := range arguments {
			if given[i], err = a(in); err != nil {
				return nil, err
			}
		}
		if function.Value == "partial" {
			return e.compiledPartial(in, given)
		}
		return call(f, given)
	}
}

func call(f any, given []any) (any, error) {
	if len(given) > 0 {
		key, ok := given[0].(string)
		switch t := f.(type) {
		case Translate:
			if ok {
				return t(key, given[1:]...), nil
			}
		case plainTranslate:
			if ok {
				return t(key, given[1:]...), nil
			}
		}
	}
	rv := reflect.ValueOf(f)
	if rv.Kind() != reflect.Func || rv.Type().IsVariadic() || rv.Type().NumIn() != len(given) || rv.Type().NumOut() != 1 {
		return nil, errForPlush
	}
	in := make([]reflect.Value, len(given))
	for i, v := range given {
		if in[i] = reflect.ValueOf(v); v == nil || !in[i].Type().AssignableTo(rv.Type().In(i)) {
			return nil, errForPlush
		}
	}
	return rv.Call(in)[0].Interface(), nil
}

func (e *Engine) compiledPartial(in *names, given []any) (any, error) {
	own := map[string]any{}
	if len(given) == 2 {
		own, _ = given[1].(map[string]any)
	}
	if len(given) == 0 || own == nil {
		return nil, errForPlush
	}
	t, err := e.parse(partialName(fmt.Sprint(given[0])), in)
	if err != nil || t.steps == nil {
		return nil, errForPlush
	}
	page := new(bytes.Buffer)
	err = run(t.steps, page, &names{own, in})
	return template.HTML(page.String()), err
}
