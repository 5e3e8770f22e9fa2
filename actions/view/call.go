package view

import (
	"bytes"
	"html/template"
	"reflect"

	"github.com/gobuffalo/plush/v4/ast"
)

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

// translator is a t of either kind, the one that is called the most: reflection
// takes longer than looking the text up.
type translator interface {
	say(key string, args []any) any
}

func (t Translate) say(key string, args []any) any      { return t(key, args...) }
func (t plainTranslate) say(key string, args []any) any { return t(key, args...) }

func call(f any, given []any) (any, error) {
	if t, ok := f.(translator); ok && len(given) > 0 {
		if key, ok := given[0].(string); ok {
			return t.say(key, given[1:]), nil
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
	name, _ := given[0].(string)
	t, err := e.parse(partialName(name), in)
	if err != nil || t.steps == nil {
		return nil, errForPlush
	}
	page := new(bytes.Buffer)
	err = run(t.steps, page, &names{own, in})
	return template.HTML(page.String()), err
}
