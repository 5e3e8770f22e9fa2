package grifts

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/actions"
)

// run runs a command line and returns what it prints.
func run(t *testing.T, args ...string) (printed string, err error) {
	t.Helper()
	var b bytes.Buffer
	before := out
	out = &b
	defer func() { out = before }()
	err = Run(args)
	return b.String(), err
}

func TestRun_UnknownCommand(t *testing.T) {
	for _, args := range [][]string{{"serve"}, {""}, {"--help"}, {"tasks"}, {"serve\nforged"}} {
		printed, err := run(t, args...)
		require.ErrorContains(t, err, "unknown command ")
		require.ErrorContains(t, err, "task NAME", "what to type instead")
		require.NotContains(t, err.Error(), "\n", "one line, whatever was typed")
		require.Empty(t, printed)
	}
}

func TestRun_UnknownTask(t *testing.T) {
	for _, name := range []string{"nope", "", "user", "user:creat"} {
		printed, err := run(t, "task", name)
		require.Error(t, err)
		require.Contains(t, err.Error(), name)
		require.Equal(t, strings.TrimSpace(err.Error()), err.Error())
		require.NotContains(t, err.Error(), "\n")
		require.Empty(t, printed)
	}
}

// Whoever knows no name is told all of them, each with what it does.
func TestRun_List(t *testing.T) {
	for _, args := range [][]string{{"task"}, {"task", "list"}, {"task", "--help"}} {
		printed, err := run(t, args...)
		require.NoError(t, err)
		for _, name := range []string{"db:migrate", "db:seed", "routes", "secret", "user:create"} {
			require.Regexp(t, regexp.MustCompile(`(?m)^\S+ `+name+` +# \S`), printed)
		}
	}
}

// Whoever asks a task how it goes is told, and nothing is done.
func TestRun_Help(t *testing.T) {
	for _, ask := range []string{"help", "-h", "-help", "--help"} {
		printed, err := run(t, "task", "secret", ask)
		require.NoError(t, err)
		require.Equal(t, "usage: task secret\nPrints a fresh secret for SESSION_SECRET.\n", printed)
	}
	printed, err := run(t, "task", "secret", "--help", "me")
	require.EqualError(t, err, "usage: task secret")
	require.Empty(t, printed)
}

func TestSecret(t *testing.T) {
	seen := map[string]bool{}
	for range 3 {
		printed, err := run(t, "task", "secret")
		require.NoError(t, err)
		require.Regexp(t, `^[0-9a-f]{64}\n$`, printed, "32 bytes as text, not raw as Buffalo prints it")
		require.False(t, seen[printed], "fresh each time")
		seen[printed] = true
	}
}

// The table that says who gets in where, as the app has it.
func TestRoutes(t *testing.T) {
	printed, err := run(t, "task", "routes")
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(printed), "\n")
	require.Equal(t, []string{"METHOD", "PATH", "GUARD", "HANDLER"}, strings.Fields(lines[0]))
	require.Len(t, lines, 1+len(actions.Routes()))
	for _, line := range lines[1:] {
		require.Regexp(t, `^(GET|POST|PUT|PATCH|DELETE) +/\S* +(public|guest|user) +corral/actions\.[A-Z]\w+$`, line)
	}
	for _, want := range []string{`GET +/ +user +corral/actions\.HomeShow`, `GET +/welcome +public `, `POST +/login +guest `, `DELETE +/logout +public `} {
		require.Regexp(t, want, printed)
	}
}

// Typed wrong, a task says how it goes before it opens any database.
func TestUserCreate_Usage(t *testing.T) {
	for _, args := range [][]string{{}, {"ada@example.com", "bob@example.com"}} {
		_, err := run(t, append([]string{"task", "user:create"}, args...)...)
		require.EqualError(t, err, "usage: task user:create EMAIL")
	}
	for _, typed := range []string{"", " ", "ada", "ada@", "@example.com", "ada@example.com\nBcc: eve@example.com", "a\x00@example.com", "\xff@example.com", "Ada <ada@example.com>"} {
		printed, err := run(t, "task", "user:create", typed)
		require.ErrorContains(t, err, "is not an email address")
		require.NotContains(t, err.Error(), "\n")
		require.NotContains(t, err.Error(), "\x00")
		require.Empty(t, printed)
	}
}

// Passwords that stand in this repository are for development alone; go test is not that.
func TestSeed_OutsideDevelopment(t *testing.T) {
	printed, err := run(t, "task", "db:seed")
	require.ErrorContains(t, err, "db:seed is for development")
	require.Empty(t, printed)
}
