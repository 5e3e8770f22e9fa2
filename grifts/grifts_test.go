package grifts

import (
	"bytes"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/actions"
	"corral/internal/task"
	"corral/locales"
	"corral/models/modelstest"
)

func TestMain(m *testing.M) {
	locales.Default = "en-US"
	modelstest.Main(m)
}

// run runs a command line and returns what it prints.
func run(t *testing.T, args ...string) (printed string, err error) {
	t.Helper()
	return printedBy(func() { err = task.Run(args) }), err
}

// printedBy returns what fn prints.
func printedBy(fn func()) string {
	var b bytes.Buffer
	before := task.Out
	task.Out = &b
	defer func() { task.Out = before }()
	fn()
	return b.String()
}

// Package task tests other command lines.
func TestTasks_AreListed(t *testing.T) {
	printed, err := run(t, "task", "list")
	require.NoError(t, err)
	for _, name := range []string{"db:migrate", "db:seed", "routes", "secret", "user:create"} {
		require.Regexp(t, regexp.MustCompile(`(?m)^\S+ `+name+` +# \S`), printed)
	}
}

func TestSecret_Help(t *testing.T) {
	printed, err := run(t, "task", "secret", "--help")
	require.NoError(t, err)
	require.Equal(t, "usage: task secret\nPrints a fresh secret for SESSION_SECRET.\n", printed)
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

func TestRoutes(t *testing.T) {
	c, err := loadConfig()
	require.NoError(t, err)
	printed, err := run(t, "task", "routes")
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(printed), "\n")
	require.Equal(t, []string{"METHOD", "PATH", "GUARD", "HANDLER"}, strings.Fields(lines[0]))
	require.Len(t, lines, 1+len(actions.App(c, slog.New(slog.DiscardHandler)).Routes()))
	for _, line := range lines[1:] {
		require.Regexp(t, `^[A-Z]+ +/\S* +\w+(, unless skipped \(not in the table\))? +\S+$`, line)
	}
	for _, want := range []string{`GET +/ +user +corral/actions\.HomeShow`, `GET +/welcome/? +public `, `POST +/login/? +guest `, `DELETE +/logout/? +public `} {
		require.Regexp(t, want, printed)
	}
}

// Arguments are checked before a database is opened.
func TestUserCreate_WrongArguments(t *testing.T) {
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

// The passwords are public, so the task works only in development.
func TestSeed_OutsideDevelopment(t *testing.T) {
	printed, err := run(t, "task", "db:seed")
	require.ErrorContains(t, err, "db:seed is for development")
	require.Empty(t, printed)
}
