package view

import (
	"context"
	"fmt"
	"reflect"

	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/helpers/hctx"
	"github.com/gobuffalo/plush/v4"
	"github.com/gobuffalo/plush/v4/ast"
)

// call compiles the call of a helper, such as t("key"), or of a method, such as
// user.Name(). A helper of plush or the app that takes plush's context is left to plush,
// except partial.
func (c *compiler) call(node *ast.CallExpression) expression {
	arguments := c.expressions(node.Arguments)
	if arguments == nil || node.Block != nil || node.ChainCallee != nil {
		return nil
	}
	function, ok := node.Function.(*ast.Identifier)
	if !ok {
		return nil
	}
	if node.Callee != nil {
		return c.method(node, function.Value, arguments)
	}
	helper := name(function)
	if takesContext(c.locale.scope.Value(function.Value)) {
		return nil
	}
	return func(in *scope) (any, error) {
		f, err := helper(in)
		if err != nil {
			return nil, err
		}
		switch f := f.(type) {
		case partialHelper:
			return c.engine.runPartial(c.locale, node, arguments, in)
		// Call the most frequent helpers without reflection, which is slow.
		case translate:
			if len(arguments) > 0 {
				return text(f, node, arguments, in)
			}
		case buffalo.RouteHelperFunc: // loginPath()
			if len(arguments) == 0 {
				path, err := f(map[string]any{})
				return path, callError(node, err)
			}
		}
		return call(reflect.ValueOf(f), node, arguments, in)
	}
}

func (c *compiler) method(node *ast.CallExpression, name string, arguments []expression) expression {
	receiver := c.expression(node.Callee)
	if receiver == nil {
		return nil
	}
	return func(in *scope) (any, error) {
		v, err := receiver(in)
		if err != nil {
			return nil, err
		}
		rv := reflect.ValueOf(v)
		m := rv.MethodByName(name)
		if !m.IsValid() && rv.Kind() == reflect.Pointer {
			return v, nil // as plush does
		}
		if !m.IsValid() {
			pointer := reflect.New(rv.Type())
			pointer.Elem().Set(rv)
			m = pointer.MethodByName(name)
		}
		if !m.IsValid() {
			return nil, fmt.Errorf("'%s' does not have a method named '%s' (%[1]s.%[2]s)", node.Callee, name)
		}
		return call(m, node, arguments, in)
	}
}

var (
	anyMap        = reflect.TypeFor[map[string]any]()
	plushContext  = reflect.TypeFor[plush.HelperContext]()
	helperContext = reflect.TypeFor[hctx.HelperContext]()
)

func isContext(t reflect.Type) bool {
	return t.ConvertibleTo(plushContext) || t.Implements(helperContext)
}

func takesContext(helper any) bool {
	if _, ok := helper.(partialHelper); ok || reflect.ValueOf(helper).Kind() != reflect.Func {
		return false
	}
	for t, i := reflect.TypeOf(helper), 0; i < t.NumIn(); i++ {
		if isContext(t.In(i)) {
			return true
		}
	}
	return false
}

// call calls a function as plush does: it passes nil as the zero value, and fills in
// up to two missing arguments.
func call(f reflect.Value, node *ast.CallExpression, arguments []expression, in *scope) (any, error) {
	if f.Kind() == reflect.Pointer {
		f = f.Elem()
	}
	if f.Kind() != reflect.Func {
		return nil, fmt.Errorf("%s (%T) is an invalid function", node, reflect.TypeOf(f))
	}
	t := f.Type()
	missing := t.NumIn() - len(arguments)
	switch {
	case t.IsVariadic() && missing > 1:
		return nil, tooFewArguments(node, nil, t)
	case !t.IsVariadic() && missing < 0:
		return nil, fmt.Errorf("%s too many arguments (%d for %d)", node, len(arguments), t.NumIn())
	}
	args := make([]reflect.Value, len(arguments), t.NumIn()+len(arguments))
	for i, argument := range arguments {
		v, err := argument(in)
		if err != nil {
			return nil, err
		}
		repeated := t.IsVariadic() && i >= t.NumIn()-1
		want := t.In(min(i, t.NumIn()-1))
		if repeated {
			want = want.Elem()
		}
		switch {
		case v != nil:
			args[i] = reflect.ValueOf(v)
		case repeated:
			args[i] = reflect.New(want)
		default:
			args[i] = reflect.Zero(want)
		}
		if !args[i].Type().AssignableTo(want) {
			return nil, invalidArgument(v, node, i, want)
		}
	}
	if missing > 2 {
		return nil, tooFewArguments(node, args, t)
	}
	for !t.IsVariadic() && len(args) < t.NumIn() {
		switch want := t.In(len(args)); {
		case isContext(want):
			args = append(args, reflect.ValueOf(withoutBlock(in)))
		case want.ConvertibleTo(anyMap):
			args = append(args, reflect.ValueOf(map[string]any{}))
		default:
			args = append(args, reflect.Zero(want))
		}
	}
	results := f.Call(args)
	if len(results) == 0 {
		return nil, nil
	}
	if err, failed := results[len(results)-1].Interface().(error); failed {
		return nil, callError(node, err)
	}
	return results[0].Interface(), nil
}

func callError(node *ast.CallExpression, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("could not call %s function: %w", node.Function, err)
}

func tooFewArguments(node *ast.CallExpression, args []reflect.Value, f reflect.Type) error {
	return fmt.Errorf("%s too few arguments (%d for %d) - %+v", node, len(args), f.NumIn(), args)
}

func invalidArgument(v any, node *ast.CallExpression, position int, want reflect.Type) error {
	return fmt.Errorf("%+v (%[1]T) is an invalid argument for %s at pos %d: expected (%s)", v, node.Function, position, want)
}

// keeper calls a helper that keeps its context.
var keeper, _ = plush.NewTemplate(`<%= keep() %>`)

// withoutBlock returns the context of a call without a block. It comes from plush, because
// Block of any other panics, and belongs to this call alone, because Block changes it.
func withoutBlock(in *scope) (help plush.HelperContext) {
	keep := map[string]any{"keep": func(h plush.HelperContext) { help = h }}
	t := keeper.Clone()
	t.Exec(&plush.Context{Context: lookup{context.Background(), &scope{own: keep}}})
	help.Context = in.forPlush()
	return help
}

// text calls the helper t.
func text(t translate, node *ast.CallExpression, arguments []expression, in *scope) (any, error) {
	v, err := arguments[0](in)
	if err != nil {
		return nil, err
	}
	key, ok := v.(string)
	if !ok && v != nil {
		return nil, invalidArgument(v, node, 0, reflect.TypeFor[string]())
	}
	args := make([]any, len(arguments)-1)
	for i, argument := range arguments[1:] {
		if args[i], err = argument(in); err != nil {
			return nil, err
		}
		if args[i] == nil {
			args[i] = new(any) // what plush passes for nil
		}
	}
	return t(key, args...), nil
}
