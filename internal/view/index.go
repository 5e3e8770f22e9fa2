package view

import (
	"reflect"

	"github.com/gobuffalo/plush/v4/ast"
)

func (c *compiler) index(node *ast.IndexExpression) expression {
	index, left := c.expression(node.Index), c.expression(node.Left)
	if index == nil || left == nil || node.Callee != nil || node.Value != nil {
		return nil
	}
	return func(in *scope) (any, error) {
		i, err := index(in)
		if err != nil {
			return nil, err
		}
		list, err := left(in)
		if err != nil {
			return nil, err
		}
		return item(list, i)
	}
}

// item returns an item of a map, slice or array.
func item(list, index any) (any, error) {
	rv, i := reflect.ValueOf(list), reflect.ValueOf(index)
	switch rv.Kind() {
	case reflect.Map:
		key := rv.Type().Key()
		if !i.IsValid() || !i.Comparable() {
			return nil, errForPlush
		}
		if key.Kind() != reflect.Interface && key.Kind() != i.Kind() {
			return nil, errFailed
		}
		if !i.Type().AssignableTo(key) {
			return nil, errForPlush
		}
		if v := rv.MapIndex(i); v.IsValid() {
			return v.Interface(), nil
		}
		return nil, nil
	case reflect.Slice, reflect.Array:
		n, ok := index.(int)
		if !ok || n >= rv.Len() {
			return nil, errFailed
		}
		if n < 0 {
			return nil, errForPlush
		}
		return rv.Index(n).Interface(), nil
	}
	return nil, errFailed
}
