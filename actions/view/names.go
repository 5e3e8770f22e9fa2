package view

import "github.com/gobuffalo/plush/v4"

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
