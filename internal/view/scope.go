package view

import (
	"cmp"
	"context"
	"html/template"
	"reflect"
	"strings"

	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/plush/v4"
)

// scope holds the names that a template can use: its own, then those of the outer
// scope.
type scope struct {
	own   map[string]any
	outer *scope
	plush *plush.Context // nil until forPlush makes it
}

// Value returns nil for an unknown name, as plush's contexts do.
func (s *scope) Value(key any) any {
	name, ok := key.(string)
	for ; ok && s != nil; s = s.outer {
		if v, found := s.own[name]; found {
			return trimmed(name, v)
		}
	}
	return nil
}

// trimmed removes the slash that Buffalo appends to current_path and to the results of its
// path helpers.
func trimmed(name string, v any) any {
	switch v := v.(type) {
	case buffalo.RouteHelperFunc:
		return pathHelper(v)
	case string:
		if name == "current_path" {
			return trimSlash(v)
		}
	}
	return v
}

func trimSlash(path string) string { return cmp.Or(strings.TrimSuffix(path, "/"), "/") }

func pathHelper(helper buffalo.RouteHelperFunc) buffalo.RouteHelperFunc {
	return func(options map[string]any) (template.HTML, error) {
		path, err := helper(options)
		trimmed, query, found := strings.Cut(string(path), "?")
		trimmed = trimSlash(trimmed)
		if found {
			trimmed += "?" + query
		}
		return template.HTML(trimmed), err
	}
}

// hides reports whether s, or a scope between it and outer, defines one of the
// names.
func (s *scope) hides(outer *scope, names ...string) bool {
	for ; s != outer; s = s.outer {
		for _, name := range names {
			if _, found := s.own[name]; found {
				return true
			}
		}
	}
	return false
}

// definesFunction reports whether a template has defined a function in s: let f = fn(x) { … }.
// Only plush can call it.
func (s *scope) definesFunction() bool {
	for _, v := range s.own {
		if t := reflect.TypeOf(v); t != nil && t.String() == "*plush.userFunction" {
			return true
		}
	}
	return false
}

// forPlush returns the scope as a context of plush. Plush stores a template's variables in
// own, where the layout finds them. It looks up outer names, because copying them would be
// slow.
func (s *scope) forPlush() *plush.Context {
	if s.own == nil {
		s.own = map[string]any{}
	}
	if s.plush == nil {
		s.plush = plush.NewContextWithOuter(s.own, &plush.Context{Context: lookup{context.Background(), s.outer}})
	}
	return s.plush
}

type lookup struct {
	context.Context
	scope *scope
}

func (l lookup) Value(key any) any { return l.scope.Value(key) }
