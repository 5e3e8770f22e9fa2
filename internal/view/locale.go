package view

import (
	"maps"
	"reflect"
)

// locale holds the helpers that all pages of one language share.
type locale struct {
	scope *scope    // the helpers of the language, then those of the engine
	t     translate // nil if the language has none
}

// translate is the type of the helper t.
type translate = func(key string, args ...any) string

// translator converts t, a function of any named type, to translate, or returns nil.
func translator(t any) translate {
	if t, ok := t.(translate); ok {
		return t
	}
	want := reflect.TypeFor[translate]()
	if rv := reflect.ValueOf(t); rv.IsValid() && rv.CanConvert(want) {
		return rv.Convert(want).Interface().(translate)
	}
	return nil
}

// locale returns the locale for the value lang of a page's data.
func (e *Engine) locale(lang any) *locale {
	name, _ := lang.(string)
	if l, ok := e.locales.Load(name); ok {
		return l.(*locale)
	}
	var helpers map[string]any
	if e.language != nil {
		helpers = maps.Clone(e.language(name))
	}
	if helpers == nil && name != "" {
		return e.locale("") // not stored: clients could fill the memory with unknown names
	}
	t := translator(helpers["t"])
	if t != nil {
		helpers["t"] = t // saves a conversion at every call
	}
	l, _ := e.locales.LoadOrStore(name, &locale{&scope{own: helpers, outer: &scope{own: e.helpers()}}, t})
	return l.(*locale)
}
