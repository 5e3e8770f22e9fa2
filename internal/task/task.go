// Package task adds help and argument checks to grift tasks, for `app task NAME`
// and `buffalo task NAME`.
//
//	func init() {
//		task.Add("user:delete", "EMAIL", "Deletes an account", deleteUser)
//	}
//
// With --help, a task prints its usage. With the wrong number of arguments, it returns
// its usage as an error.
package task

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/gobuffalo/grift/grift"

	"corral/internal/email"
)

// Out is where tasks print. Tests replace it.
var Out io.Writer = os.Stdout

// Add adds a task, and replaces a task of Buffalo's that has the same name. params
// names its arguments, separated by spaces. A name in brackets, at the end, is an
// optional argument. run gets an argument that is named EMAIL normalized; that of EMAIL|all
// may be "all" instead.
func Add(name, params, help string, run func(args []string) error) {
	usage := strings.TrimSpace("usage: task " + name + " " + params)
	description := help
	if params != "" {
		description += " (" + params + ")"
	}
	grift.Desc(name, description)
	grift.Set(name, func(c *grift.Context) error {
		switch {
		case asksForHelp(c.Args):
			fmt.Fprintf(Out, "%s\n%s.\n", usage, help)
			return nil
		case len(c.Args) > len(strings.Fields(params)), len(c.Args) < len(strings.Fields(params))-strings.Count(params, "["):
			return errors.New(usage)
		}
		args, err := normalize(strings.Fields(params), c.Args)
		if err != nil {
			return err
		}
		return run(args)
	})
}

// normalize returns args with their emails in canonical form, or an error if one is no email.
func normalize(params, args []string) ([]string, error) {
	args = slices.Clone(args)
	for i, typed := range args {
		choices := strings.Split(strings.Trim(params[i], "[]"), "|")
		if choices[0] != "EMAIL" || slices.Contains(choices[1:], typed) {
			continue
		}
		ok := false
		if args[i], ok = email.Normalize(typed); !ok {
			return nil, fmt.Errorf("%q is not an email address", typed)
		}
	}
	return args, nil
}

// Main runs the command line of the process, or start if there are no arguments. It prints
// an error and exits with 1.
func Main(start func() error) {
	if code := runOr(start, os.Args[1:], os.Stderr); code != 0 {
		os.Exit(code)
	}
}

func runOr(start func() error, args []string, stderr io.Writer) (code int) {
	run := start
	if len(args) > 0 {
		run = func() error { return Run(args) }
	}
	if err := run(); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

// output remembers an error of writing, which tasks ignore: the lost text may be an invitation.
type output struct {
	io.Writer
	err error
}

func (o *output) Write(text []byte) (n int, err error) {
	n, err = o.Writer.Write(text)
	o.err = cmp.Or(o.err, err)
	return n, err
}

// Run runs the command line `task NAME ARGUMENT…`, or lists the tasks. It returns an error
// if a task or its output fails.
func Run(args []string) error {
	out := &output{Writer: Out}
	Out = out
	defer func() { Out = out.Writer }()
	return cmp.Or(run(args), out.err)
}

func run(args []string) error {
	if args[0] != "task" {
		return fmt.Errorf("unknown command %q: start the app without one, or run `task list`", args[0])
	}
	if len(args) < 2 || args[1] == "list" || asksForHelp(args[1:]) {
		grift.CommandName = "task"
		grift.PrintGrifts(Out)
		return nil
	}
	c := grift.NewContextWithContext(args[1], context.Background())
	c.Args = args[2:]
	return grift.Run(args[1], c)
}

func asksForHelp(args []string) bool {
	return len(args) == 1 && slices.Contains([]string{"help", "-h", "-help", "--help"}, args[0])
}
