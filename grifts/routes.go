package grifts

import (
	"cmp"
	"fmt"
	"log/slog"
	"strings"
	"text/tabwriter"

	"corral/actions"
	"corral/internal/task"
)

func routes([]string) error {
	c, err := loadConfig()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(task.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "METHOD\tPATH\tGUARD\tHANDLER")
	for _, r := range actions.App(c, slog.New(slog.DiscardHandler)).Routes() {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.Method, cmp.Or(strings.TrimSuffix(r.Path, "/"), "/"), actions.Guard(r), r.HandlerName)
	}
	return w.Flush()
}
