package process

import (
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/site"
)

// Thousands of requests leave no goroutine behind.
func TestRequests_LeaveNothingBehind(t *testing.T) {
	before := goroutinesAfter(t, 100)
	require.LessOrEqual(t, goroutinesAfter(t, 3100), before+5)
}

// goroutinesAfter returns how many goroutines a new process has after so many
// requests of one browser. The process tells it when it is told to quit.
func goroutinesAfter(t *testing.T, requests int) int {
	t.Helper()
	s := site.OpenProduction(t)
	s.SignUp("ada@example.com")
	s.ForgetLimits()
	b := s.Browser()
	require.Equal(t, "/", b.LogIn("ada@example.com").Location())
	stylesheet := regexp.MustCompile(`<link rel="stylesheet" href="([^"]+)"`).FindStringSubmatch(b.Get("/welcome").Page)
	require.NotNil(t, stylesheet)
	paths := []string{"/", "/welcome", "/account", "/nothing", "/robots.txt", "/password/reset/x", stylesheet[1]}
	for i := range requests {
		b.Get(paths[i%len(paths)])
	}
	require.NoError(t, s.Signal(syscall.SIGQUIT))
	require.Error(t, s.Wait())
	count := strings.Count(s.Err.String(), "\ngoroutine ")
	require.Greater(t, count, 5, s.Err.String())
	return count
}
