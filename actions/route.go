package actions

import (
	"fmt"
	"time"

	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/pop/v6"

	"corral/internal/database"
	"corral/internal/web"
	"corral/models"
)

type route struct {
	method  string
	path    string
	guard   guard
	handler buffalo.Handler
	limits  web.Limits
}

type limit func(*web.Limits)

// maxBody limits the request body, in bytes. Defaults: 64 KiB for public and
// guest routes, 1 MiB for others. The largest limit of a path counts.
func maxBody(bytes int64) limit { return func(l *web.Limits) { l.MaxBody = bytes } }

// maxTime limits the duration of a request, 15 seconds by default; 0 is unlimited,
// for streams.
func maxTime(d time.Duration) limit { return func(l *web.Limits) { l.MaxTime = &d } }

func get(path string, g guard, h buffalo.Handler, l ...limit) route {
	return newRoute("GET", path, g, h, l)
}

func post(path string, g guard, h buffalo.Handler, l ...limit) route {
	return newRoute("POST", path, g, h, l)
}

func put(path string, g guard, h buffalo.Handler, l ...limit) route {
	return newRoute("PUT", path, g, h, l)
}

func del(path string, g guard, h buffalo.Handler, l ...limit) route {
	return newRoute("DELETE", path, g, h, l)
}

func newRoute(method, path string, g guard, h buffalo.Handler, list []limit) route {
	r := route{method, path, g, h, web.Limits{Pattern: path, MaxBody: 64 << 10}}
	if g == user || g == sudo {
		r.limits.MaxBody = 1 << 20
	}
	for _, set := range list {
		set(&r.limits)
	}
	return r
}

func (r route) addTo(app *buffalo.App) { must(r.add(app)) }

func (r route) add(app *buffalo.App) (*buffalo.RouteInfo, error) {
	add, ok := map[string]func(string, buffalo.Handler) *buffalo.RouteInfo{
		"GET": app.GET, "POST": app.POST, "PUT": app.PUT, "PATCH": app.PATCH, "DELETE": app.DELETE, "OPTIONS": app.OPTIONS,
	}[r.method]
	if !ok {
		return nil, fmt.Errorf("the table of routes knows no method %s, which %s has", r.method, r.path)
	}
	return add(r.path, r.handler), nil
}

func allLimits() (list []web.Limits) {
	for _, r := range routes {
		list = append(list, r.limits)
	}
	return list
}

// Transaction is middleware for generated resources:
//
//	app.Resource("/widgets", WidgetsResource{}).Use(Transaction)
//
// The app's handlers do not use it: a rollback would undo the count of attempts.
var Transaction = database.Transaction(func() *pop.Connection { return models.DB })
