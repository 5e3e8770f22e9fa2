package view

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/gobuffalo/plush/v4"
	"github.com/gobuffalo/plush/v4/ast"
)

func (c *compiler) loop(node *ast.ForExpression) []step {
	for _, name := range []string{node.KeyName, node.ValueName} {
		// The variable must not hide a foldable helper. TIME_FORMAT would have no effect in
		// plush, which formats times after the loop.
		if slices.Contains(foldable, name) || name == "TIME_FORMAT" {
			return nil
		}
	}
	list, steps := c.expression(node.Iterable), c.block(node.Block.Statements)
	if list == nil || steps == nil {
		return nil
	}
	return []step{{run: func(page *bytes.Buffer, in *scope) error {
		v, err := list(in)
		if err != nil {
			return err
		}
		inner := &scope{own: map[string]any{}, outer: in}
		return each(v, func(key, item any) error {
			inner.own[node.KeyName] = key
			inner.own[node.ValueName] = item
			return run(steps, page, inner)
		})
	}}}
}

// each calls do for every item of list.
func each(list any, do func(key, item any) error) error {
	rv := reflect.ValueOf(list)
	if rv.Kind() == reflect.Pointer {
		rv = rv.Elem()
	}
	switch rv.Kind() {
	case reflect.Slice, reflect.Array:
		for i := range rv.Len() {
			if err := do(i, rv.Index(i).Interface()); err != nil {
				return err
			}
		}
		return nil
	case reflect.Map:
		keys := rv.MapKeys()
		if rv.Type().Key().Kind() == reflect.String { // the same order on every page
			slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		}
		for _, key := range keys {
			if err := do(key.Interface(), rv.MapIndex(key).Interface()); err != nil {
				return err
			}
		}
		return nil
	}
	if list == nil {
		return nil
	}
	iterator, ok := list.(plush.Iterator)
	if !ok {
		return fmt.Errorf("could not iterate over %T", list)
	}
	for i, item := 0, iterator.Next(); item != nil; i, item = i+1, iterator.Next() {
		if err := do(i, item); err != nil {
			return err
		}
	}
	return nil
}
