package task_test

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/env"
	"corral/internal/task"
)

// lastArgs are the arguments with which a task ran last.
var lastArgs []string

func init() {
	task.Add("test:greet", "NAME TITLE", "Greets a user", func(args []string) error {
		lastArgs = args
		if args[0] == "nobody" {
			return errors.New("nobody is here")
		}
		return nil
	})
	task.Add("test:optional", "NAME [--loud]", "Greets a user", func(args []string) error { lastArgs = args; return nil })
	task.Add("test:email", "NAME [EMAIL|all]", "Mails a user", func(args []string) error { lastArgs = args; return nil })
	task.Add("test:nothing", "", "Does nothing", func([]string) error { return nil })
}

// run runs a command line and returns what it prints.
func run(t *testing.T, args ...string) (output string, err error) {
	t.Helper()
	lastArgs = nil
	b := captureOutput(t)
	err = task.Run(args)
	return b.String(), err
}

// captureOutput returns a buffer that gets what tasks print from now on.
func captureOutput(t *testing.T) *bytes.Buffer {
	t.Helper()
	before, b := task.Out, &bytes.Buffer{}
	task.Out = b
	t.Cleanup(func() { task.Out = before })
	return b
}

func TestRun(t *testing.T) {
	output, err := run(t, "task", "test:greet", "Ada", "Dr.")
	require.NoError(t, err)
	require.Empty(t, output)
	require.Equal(t, []string{"Ada", "Dr."}, lastArgs)
	_, err = run(t, "task", "test:greet", "nobody", "")
	require.ErrorContains(t, err, "nobody is here")
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// A failed write is an error: the lost text may be an invitation.
func TestRun_OutputFails(t *testing.T) {
	captureOutput(t)
	task.Out = full{}
	require.EqualError(t, task.Run([]string{"task", "test:greet", "--help"}), "no space left on device")
	require.Equal(t, full{}, task.Out)
	require.NoError(t, task.Run([]string{"task", "test:nothing"}))
}

// A task gets an email in canonical form.
func TestRun_Email(t *testing.T) {
	for typed, email := range map[string]string{" Ada@EXAMPLE.com": "ada@example.com", "all": "all"} {
		_, err := run(t, "task", "test:email", "Ada", typed)
		require.NoError(t, err)
		require.Equal(t, []string{"Ada", email}, lastArgs)
	}
	for _, typed := range []string{"", "ada", "EMAIL", "ALL"} {
		_, err := run(t, "task", "test:email", "ada@example.com", typed)
		require.EqualError(t, err, strconv.Quote(typed)+" is not an email address")
		require.Nil(t, lastArgs)
	}
}

func TestRun_OptionalArgument(t *testing.T) {
	for _, args := range [][]string{{"Ada"}, {"Ada", "--loud"}} {
		_, err := run(t, append([]string{"task", "test:optional"}, args...)...)
		require.NoError(t, err)
		require.Equal(t, args, lastArgs)
	}
	for _, args := range [][]string{{}, {"Ada", "--loud", "--now"}} {
		_, err := run(t, append([]string{"task", "test:optional"}, args...)...)
		require.EqualError(t, err, "usage: task test:optional NAME [--loud]")
		require.Nil(t, lastArgs)
	}
}

func TestRun_UnknownCommand(t *testing.T) {
	for _, args := range [][]string{{"serve"}, {""}, {"--help"}, {"tasks"}, {"serve\nforged"}} {
		output, err := run(t, args...)
		require.ErrorContains(t, err, "unknown command ")
		require.ErrorContains(t, err, "task list", "what to type instead")
		require.NotContains(t, err.Error(), "\n", "one line")
		require.Empty(t, output)
	}
}

func TestRun_UnknownTask(t *testing.T) {
	for _, name := range []string{"nope", "", "test", "test:gree"} {
		output, err := run(t, "task", name)
		require.Error(t, err)
		require.Contains(t, err.Error(), name)
		require.Equal(t, strings.TrimSpace(err.Error()), err.Error())
		require.NotContains(t, err.Error(), "\n")
		require.Empty(t, output)
	}
}

// Without a name, all tasks are listed with their help.
func TestRun_List(t *testing.T) {
	for _, args := range [][]string{{"task"}, {"task", "list"}, {"task", "--help"}} {
		output, err := run(t, args...)
		require.NoError(t, err)
		require.Regexp(t, `(?m)^task test:greet +# Greets a user \(NAME TITLE\)$`, output)
		require.Regexp(t, `(?m)^task test:nothing +# Does nothing$`, output)
	}
}

// With --help, a task prints its usage and does not run.
func TestRun_Help(t *testing.T) {
	for _, flag := range []string{"help", "-h", "-help", "--help"} {
		output, err := run(t, "task", "test:greet", flag)
		require.NoError(t, err)
		require.Equal(t, "usage: task test:greet NAME TITLE\nGreets a user.\n", output)
		require.Nil(t, lastArgs)
	}
	output, err := run(t, "task", "test:nothing", "--help")
	require.NoError(t, err)
	require.Equal(t, "usage: task test:nothing\nDoes nothing.\n", output)
}

// With too few or too many arguments, a task returns its usage.
func TestRun_WrongArguments(t *testing.T) {
	for _, args := range [][]string{{}, {"Ada"}, {"Ada", "Dr.", "extra"}, {"Ada", "--help", "me"}} {
		output, err := run(t, append([]string{"task", "test:greet"}, args...)...)
		require.EqualError(t, err, "usage: task test:greet NAME TITLE")
		require.Empty(t, output)
		require.Nil(t, lastArgs)
	}
	output, err := run(t, "task", "test:nothing", "--help", "me")
	require.EqualError(t, err, "usage: task test:nothing")
	require.Empty(t, output)
}

func TestExamine(t *testing.T) {
	b := captureOutput(t)
	good := func() (string, error) { return "is fine", nil }
	bad := func() (string, error) { return "", errors.New("is wrong:\r\n\tmend it") }
	notRun := func() (string, error) { t.Error("a check of faulty variables runs"); return "", nil }
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
