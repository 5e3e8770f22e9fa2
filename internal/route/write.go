package route

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
)

// Write prints the routes of an app, one a line, with their guards. A route that is not in
// the table has the guard undeclared, unless the app skips the middleware for it.
func (t Table) Write(w io.Writer, list buffalo.RouteList, undeclared Guard) error {
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(columns, "METHOD\tPATH\tGUARD\tHANDLER")
	for _, info := range list {
		fmt.Fprintf(columns, "%s\t%s\t%s\t%s\n", info.Method, web.TrimSlash(info.Path), t.Describe(info, undeclared), info.HandlerName)
	}
	return columns.Flush()
}

// Describe returns the name of a route's guard. For a route that is not in the table, it
// says so.
func (t Table) Describe(info *buffalo.RouteInfo, undeclared Guard) string {
	r, declared := t.Find(info.Method, web.TrimSlash(info.Path))
	if !declared {
		return undeclared.Name + ", unless skipped (not in the table)"
	}
	return r.Guard.Name
}
