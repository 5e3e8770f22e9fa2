package grifts

import (
	"fmt"
	"text/tabwriter"

	"corral/actions"
)

func init() {
	add("routes", "", "Prints every route with its guard", routes)
}

func routes([]string) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "METHOD\tPATH\tGUARD\tHANDLER")
	for _, r := range actions.Routes() {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.Method, r.Path, r.Guard, r.Handler)
	}
	return w.Flush()
}
