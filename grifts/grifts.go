// Package grifts holds the tasks for operators: `corral task NAME`, or
// `buffalo task NAME` with the Buffalo CLI.
package grifts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/gobuffalo/grift/grift"

	"corral/config"
	"corral/models"
)

// out is where tasks print.
var out io.Writer = os.Stdout

// Run runs the task that the command line names.
func Run(args []string) error {
	if args[0] != "task" {
		return fmt.Errorf("unknown command %q: start the app without one, or run `task NAME`", args[0])
	}
	if len(args) < 2 || args[1] == "list" || asksForHelp(args[1:]) {
		grift.CommandName = "task"
		grift.PrintGrifts(out)
		return nil
	}
	c := grift.NewContextWithContext(args[1], context.Background())
	c.Args = args[2:]
	return grift.Run(args[1], c)
}

// add makes a task with its help. params are the words that it takes. It takes
// the place of one that Buffalo brings by that name.
func add(name, params, help string, task func(args []string) error) {
	usage := strings.TrimSpace("usage: task " + name + " " + params)
	description := help
	if params != "" {
		description += " (" + params + ")"
	}
	grift.Desc(name, description)
	grift.Set(name, func(c *grift.Context) error {
		switch {
		case asksForHelp(c.Args):
			fmt.Fprintf(out, "%s\n%s.\n", usage, help)
			return nil
		case len(c.Args) != len(strings.Fields(params)): // also too many: a task may not be what was meant
			return errors.New(usage)
		}
		return task(c.Args)
	})
}

func asksForHelp(args []string) bool {
	return len(args) == 1 && slices.Contains([]string{"help", "-h", "-help", "--help"}, args[0])
}

// withDatabase connects to the database, brings it up to date, and runs the task.
func withDatabase(task func() error) error {
	c, err := config.Current()
	if err != nil {
		return err
	}
	if err := models.Connect(c); err != nil {
		return err
	}
	defer models.DB.Close()
	if err := models.Migrate(); err != nil {
		return err
	}
	return task()
}
