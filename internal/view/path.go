package view

import (
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/gobuffalo/buffalo"
)

// path returns the path of loginPath(), if that is Buffalo's helper, and keeps it:
// Buffalo makes the helpers for each request, and each call matches a pattern.
func (e *Engine) path(in *scope, name string) (path any, ok bool) {
	helper, _ := in.find(name).(buffalo.RouteHelperFunc)
	routes, _ := in.find("routes").(buffalo.RouteList)
	if helper == nil || !isRouteHelper(helper) {
		return nil, false
	}
	for _, route := range slices.Backward(routes) { // of routes with one name, the last has the helper
		if route.PathName != name {
			continue
		}
		if path, ok = e.paths.Load(route); ok {
			return path, true
		}
		html, err := pathHelper(route.BuildPathHelper())(map[string]any{})
		if err != nil {
			return nil, false // it has parameters
		}
		e.paths.Store(route, html)
		return html, true
	}
	return nil, false
}

var routeHelpers sync.Map // code pointer of a function → whether it is Buffalo's

// isRouteHelper reports whether a path helper is Buffalo's own, not the app's.
func isRouteHelper(helper buffalo.RouteHelperFunc) bool {
	code := reflect.ValueOf(helper).Pointer()
	is, known := routeHelpers.Load(code)
	if !known {
		is = strings.HasPrefix(runtime.FuncForPC(code).Name(), reflect.TypeFor[buffalo.App]().PkgPath()+".")
		routeHelpers.Store(code, is)
	}
	return is.(bool)
}
