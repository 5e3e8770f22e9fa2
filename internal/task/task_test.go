package task_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/env"
	"corral/internal/task"
)

// received are the arguments of the last run of the task test:greet.
var received []string

func init() {
	task.Add("test:greet", "NAME TITLE", "Greets a user", func(args []string) error {
		received = args
		if args[0] == "nobody" {
			return errors.New("nobody is here")
		}
		return nil
	})
	task.Add("test:optional", "NAME [--loud]", "Greets a user", func(args []string) error { received = args; return nil })
	task.Add("test:nothing", "", "Does nothing", func([]string) error { return nil })
}

// run runs a command line and returns what it prints.
func run(t *testing.T, args ...string) (printed string, err error) {
	t.Helper()
	received = nil
	b := captured(t)
	err = task.Run(args)
	return b.String(), err
}

// captured returns what tasks print from now on.
func captured(t *testing.T) *bytes.Buffer {
	t.Helper()
	before, b := task.Out, &bytes.Buffer{}
	task.Out = b
	t.Cleanup(func() { task.Out = before })
	return b
}

func TestRun(t *testing.T) {
	printed, err := run(t, "task", "test:greet", "Ada", "Dr.")
	require.NoError(t, err)
	require.Empty(t, printed)
	require.Equal(t, []string{"Ada", "Dr."}, received)
	_, err = run(t, "task", "test:greet", "nobody", "")
	require.ErrorContains(t, err, "nobody is here")
}

func TestRun_OptionalArgument(t *testing.T) {
	for _, args := range [][]string{{"Ada"}, {"Ada", "--loud"}} {
		_, err := run(t, append([]string{"task", "test:optional"}, args...)...)
		require.NoError(t, err)
		require.Equal(t, args, received)
	}
	for _, args := range [][]string{{}, {"Ada", "--loud", "--now"}} {
		_, err := run(t, append([]string{"task", "test:optional"}, args...)...)
		require.EqualError(t, err, "usage: task test:optional NAME [--loud]")
		require.Nil(t, received)
	}
}

func TestRun_UnknownCommand(t *testing.T) {
	for _, args := range [][]string{{"serve"}, {""}, {"--help"}, {"tasks"}, {"serve\nforged"}} {
		printed, err := run(t, args...)
		require.ErrorContains(t, err, "unknown command ")
		require.ErrorContains(t, err, "task NAME", "what to type instead")
		require.NotContains(t, err.Error(), "\n", "one line")
		require.Empty(t, printed)
	}
}

func TestRun_UnknownTask(t *testing.T) {
	for _, name := range []string{"nope", "", "test", "test:gree"} {
		printed, err := run(t, "task", name)
		require.Error(t, err)
		require.Contains(t, err.Error(), name)
		require.Equal(t, strings.TrimSpace(err.Error()), err.Error())
		require.NotContains(t, err.Error(), "\n")
		require.Empty(t, printed)
	}
}

// Without a name, all tasks are listed with their help.
func TestRun_List(t *testing.T) {
	for _, args := range [][]string{{"task"}, {"task", "list"}, {"task", "--help"}} {
		printed, err := run(t, args...)
		require.NoError(t, err)
		require.Regexp(t, `(?m)^task test:greet +# Greets a user \(NAME TITLE\)$`, printed)
		require.Regexp(t, `(?m)^task test:nothing +# Does nothing$`, printed)
	}
}

// With --help, a task prints its usage and does not run.
func TestRun_Help(t *testing.T) {
	for _, ask := range []string{"help", "-h", "-help", "--help"} {
		printed, err := run(t, "task", "test:greet", ask)
		require.NoError(t, err)
		require.Equal(t, "usage: task test:greet NAME TITLE\nGreets a user.\n", printed)
		require.Nil(t, received)
	}
	printed, err := run(t, "task", "test:nothing", "--help")
	require.NoError(t, err)
	require.Equal(t, "usage: task test:nothing\nDoes nothing.\n", printed)
}

// With too few or too many arguments, a task returns its usage.
func TestRun_WrongArguments(t *testing.T) {
	for _, args := range [][]string{{}, {"Ada"}, {"Ada", "Dr.", "extra"}, {"Ada", "--help", "me"}} {
		printed, err := run(t, append([]string{"task", "test:greet"}, args...)...)
		require.EqualError(t, err, "usage: task test:greet NAME TITLE")
		require.Empty(t, printed)
		require.Nil(t, received)
	}
	printed, err := run(t, "task", "test:nothing", "--help", "me")
	require.EqualError(t, err, "usage: task test:nothing")
	require.Empty(t, printed)
}

func TestExamine(t *testing.T) {
	b := captured(t)
	good := func() (string, error) { return "is fine", nil }
	bad := func() (string, error) { return "", errors.New("is wrong:\r\n\tmend it") }
	notRun := func() (string, error) { t.Error("it has a fault already"); return "", nil }
	require.NoError(t, task.Examine([]task.Check{{Name: "one", Run: good}, {Name: "a longer name", Run: good}}, nil))
	require.Equal(t, "pass  one             is fine\npass  a longer name   is fine\n", b.String())

	b.Reset()
	err := task.Examine([]task.Check{
		{Name: "host", Variables: []string{"HOST", "PORT"}, Run: notRun},
		{Name: "mail", Variables: []string{"SMTP_URL"}, Run: bad},
		{Name: "clock", Run: good},
		{Name: "others", Run: notRun},
	}, []env.Fault{{Key: "PORT", Line: "PORT=SMTP_URL is no port"}, {Key: "LOG_LEVEL", Line: "LOG_LEVEL=HOST is unknown"}, {Key: "HOST", Line: "HOST is missing"}})
	require.EqualError(t, err, "3 of 4 checks failed")
	require.Equal(t, `fail  host            PORT=SMTP_URL is no port
fail  host            HOST is missing
fail  mail            is wrong: mend it
pass  clock           is fine
fail  others          LOG_LEVEL=HOST is unknown
`, b.String())
}
