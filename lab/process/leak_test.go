package process

import (
	"fmt"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/site"
)

func TestRequests_LeaveNothingBehind(t *testing.T) {
	before, after := goroutinesAfter(t, 100), goroutinesAfter(t, 3100)
	require.Less(t, after, before+50) // a query or mail in progress has a few; a leak at any of the paths leaves 300
}

// goroutinesAfter returns the number of goroutines of a new process after a number of
// requests. SIGQUIT makes the process print its goroutines.
func goroutinesAfter(t *testing.T, requests int) int {
	t.Helper()
	s := site.OpenProduction(t)
	s.SignUp("ada@example.com")
	s.ClearLimits()
	b := s.Browser()
	require.Equal(t, "/", b.LogIn("ada@example.com").Location())
	stylesheet := regexp.MustCompile(`<link rel="stylesheet" href="([^"]+)"`).FindStringSubmatch(b.Get("/welcome").Page)
	require.NotNil(t, stylesheet)
	paths := []string{"/", "/welcome", "/account", "/nothing", "/robots.txt", "/password/reset/x", stylesheet[1]}
	stranger := s.Browser()
	for i := range requests {
		email := fmt.Sprintf("nobody%d@example.com", i)
		stranger.Header.Set("X-Forwarded-For", fmt.Sprintf("2001:db8:%x::1", i)) // each client has a rate limit of its own
		switch i % (len(paths) + 3) {
		case len(paths):
			require.Equal(t, 422, stranger.LogIn(email).StatusCode)
		case len(paths) + 1:
			require.Equal(t, 303, stranger.Post("/password/forgot", "email", email).StatusCode)
		case len(paths) + 2:
			require.Equal(t, 303, stranger.Put("/language", "language", "de").StatusCode)
		default:
			b.Get(paths[i%(len(paths)+3)])
		}
	}
	require.NoError(t, s.Signal(syscall.SIGQUIT))
	require.Error(t, s.Wait())
	count := strings.Count(s.Err.String(), "\ngoroutine ")
	require.Greater(t, count, 5, s.Err.String())
	return count
}
