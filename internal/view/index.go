package view

import (
	"fmt"
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

// item returns an item of a map, slice or array. As plush does, it panics if index is nil or
// negative, or of another type than the keys but of the same kind.
func item(list, index any) (any, error) {
	rv := reflect.ValueOf(list)
	switch rv.Kind() {
	case reflect.Map:
		key, kind := rv.Type().Key().Kind(), reflect.TypeOf(index).Kind()
		if key != reflect.Interface && key != kind {
			return nil, fmt.Errorf("cannot use %v (%s constant) as %s value in map index", index, kind, key)
		}
		if v := rv.MapIndex(reflect.ValueOf(index)); v.IsValid() {
			return v.Interface(), nil
		}
		return nil, nil
	case reflect.Slice, reflect.Array:
		n, ok := index.(int)
		if !ok {
			return nil, fmt.Errorf("can't access Slice/Array with a non int Index (%v)", index)
		}
		if n >= rv.Len() {
			return nil, fmt.Errorf("array index out of bounds, got index %d, while array size is %d", n, rv.Len())
		}
		return rv.Index(n).Interface(), nil
	}
	return nil, fmt.Errorf("could not index %T with %T", list, index)
}
